// That the networks are what the other tests take them for.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, Network } from './network.mjs';
import { resolve, startAvahi } from './programs.mjs';

let net, ana, ben, cleo;
before(async () => {
  net = await Network.make();
  [ana, ben, cleo] = [await net.host('ana'), await net.host('ben'), await net.host('cleo')];
});
after(() => net?.close());

const reaches = (from, address) => from.run('ping', ['-c', '1', '-W', '5', address]);
const reachesNot = (from, address) => from.run('ping', ['-c', '1', '-W', '1', address], { status: 1 });

test('hosts reach each other over IPv4 and IPv6, and know no way out', async () => {
  await reaches(ana, ben.address);
  await reaches(ana, ben.address6);
  for (const version of ['-4', '-6']) assert.equal(await ana.run('ip', [version, 'route', 'show', 'default']), '');
  assert.equal((await ana.run('hostname')).trim(), 'ana');
});

test('every address can be used at once, so nothing changes behind a browser that starts', async () => {
  const [link] = JSON.parse(await ana.run('ip', ['-json', 'address', 'show', 'eth0']));
  assert.ok(link.addr_info.some((address) => address.scope === 'link'));
  assert.deepEqual(link.addr_info.filter((address) => address.tentative), []);
});

test('a cable that is pulled is a link without carrier that keeps its addresses, until it is put back', async () => {
  await ben.unplug();
  const state = await eventually('no carrier', async () => {
    const [link] = JSON.parse(await ben.run('ip', ['-json', 'address', 'show', 'eth0']));
    return link.flags.includes('NO-CARRIER') && link;
  });
  assert.ok(state.addr_info.some((address) => address.local === ben.address));
  await reachesNot(ana, ben.address);
  await ben.plugIn();
  await reaches(ana, ben.address);
});

test('isolated hosts reach the others, but not each other', async () => {
  await net.isolate(ana, ben);
  await reachesNot(ana, ben.address);
  await reaches(ana, cleo.address);
  await reaches(ben, cleo.address);
});

test('avahi on one host finds the name of another', async () => {
  await Promise.all([startAvahi(ana), startAvahi(cleo)]);
  assert.equal(await resolve(ana, 'cleo.local', 4), cleo.address);
  assert.equal(await resolve(ana, 'cleo.local', 6), cleo.address6);
  const found = await ana.run('getent', ['ahostsv4', 'cleo.local']);
  assert.ok(found.startsWith(cleo.address), 'the system resolver asks avahi');
  assert.equal(await ana.run('getent', ['hosts', 'www.example.org'], { status: 2 }), '', 'there is no DNS');
});
