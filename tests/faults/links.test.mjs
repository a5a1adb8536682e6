// Bad networks: a link that swallows everything, one that loses a fifth, an address that changes.
// Server and people are on hosts of their own.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { freshRoom } from '../conformance/support/official.mjs';
import { eventually, Network, PATIENCE } from '../network/network.mjs';
import { startParlor } from '../network/programs.mjs';
import { callOf, freshKey, Person, RESUME } from './people.mjs';

const CANDIDATES = 100;
const TO_CLOSE = 30_000; // ms that the server gives a client to close its end
const IN_ORDER = [...Array(CANDIDATES).keys(), 'last'];
// A heart that beats fast, so that a silence is noticed in seconds; a busy machine needs some of them.
const LIVELY = ['--no-mdns', '--ping-interval', '300ms', '--ping-timeout', '4s'];

let net, kitchen, laptop, phone;
before(async () => {
  net = await Network.make();
  [kitchen, laptop, phone] = [await net.host('kitchen-pi'), await net.host('laptop'), await net.host('phone')];
});
after(() => net?.close());

/** The words of `iptables` in both directions of a host's traffic; they go with the test. */
async function filter(t, host, ...rule) {
  for (const chain of ['INPUT', 'OUTPUT']) {
    await host.run('iptables', ['-w', '-A', chain, '-p', 'tcp', ...rule, '-j', 'DROP']);
    t.after(() => host.run('iptables', ['-w', '-F', chain]));
  }
}

/** A server, and two people who sit in one room of it; the first has a key. */
async function seated(t, args) {
  const server = await startParlor(kitchen, { args });
  t.after(() => server.stop('SIGKILL'));
  const alone = files(server);
  const [room, key] = [freshRoom(), freshKey()];
  const lost = await Person.comes(laptop, kitchen, key);
  const other = await Person.comes(phone, kitchen);
  t.after(() => Promise.all([lost, other].map((person) => person.program.stop('SIGKILL'))));
  assert.equal((await lost.ask('join', room)).role, 'created');
  assert.equal((await other.ask('join', room)).role, 'joined');
  return { server, alone, room, lost, other };
}

/** Files that a program has open, sockets among them. */
const files = (program) => readdirSync(`/proc/${program.child.pid}/fd`).length;

test('a client whose packets are all dropped is noticed by its heartbeat, its seat is held and then freed', async (t) => {
  const { server, alone, room, lost, other } = await seated(t, [...LIVELY, '--seat-hold', '5s']);
  const stranger = await Person.comes(phone, kitchen, freshKey());
  t.after(() => stranger.program.stop('SIGKILL'));
  await filter(t, laptop);
  await other.hears('peer-away');
  assert.equal((await stranger.ask('join', room)).error?.code, 'full', 'it is held');
  await other.hears('leave');
  assert.equal((await stranger.ask('join', room)).role, 'joined', 'it is free');
  assert.deepEqual(lost.heard('leave'), []);
  // No packet of the dead connection's end has arrived: it is let go of when its time to close is over.
  await eventually('only two connections are left', () => files(server) === alone + 2, TO_CLOSE + PATIENCE);
});

test('over a link that loses every fifth packet in each direction a whole call gets through in order', async (t) => {
  await filter(t, laptop, '-m', 'statistic', '--mode', 'nth', '--every', '5', '--packet', '0');
  const { room, lost, other } = await seated(t, ['--no-mdns']);
  assert.deepEqual(await callOf(lost, other, room, CANDIDATES), [IN_ORDER, IN_ORDER]);
  const dropped = await laptop.run('iptables', ['-w', '-L', '-v', '-x', '-n']);
  const counts = [...dropped.matchAll(/^\s*(\d+)\s+\d+\s+DROP/gm)].map(([, count]) => Number(count));
  assert.equal(counts.length, 2);
  assert.ok(counts.every((count) => count > 0), `packets were lost both ways: ${counts}`);
});

test('a client whose address changes has its seat again by its key, and the call goes on', async (t) => {
  const { room, lost, other } = await seated(t, LIVELY);
  const [before, now] = [laptop.address, '192.168.77.99'];
  lost.say('offer', 0, room);
  await other.hears('offer');
  lost.mark();
  other.mark();
  await laptop.removeAddress(`${before}/24`);
  await laptop.addAddress(`${now}/24`);
  t.after(async () => {
    await laptop.removeAddress(`${now}/24`);
    await laptop.addAddress(`${before}/24`);
  });
  await other.hears('peer-away');
  await lost.hears('(connected)');
  assert.equal((await lost.ask('join', room, RESUME)).ok, true);
  await other.hears('peer-back');
  other.say('candidate', 'after', room);
  assert.deepEqual(await lost.hears('candidate'), ['after']);
});
