// The end of the server in the middle of things: SIGTERM under load, and SIGKILL.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, freshRoom } from '../conformance/support/official.mjs';
import { ONE_ADDRESS, startParlor } from './parlor.mjs';
import { freshKey } from './people.mjs';
import { Line, poll, polling, post, upgrade } from './raw.mjs';

const ROOMS = 20;
const STOPS_WITHIN = 5000; // ms, as README says
const FLAGS = [...ONE_ADDRESS, '--max-event-rate=100000'];
const WAYS = ['websocket', 'polling', 'upgrade'];

let server;
before(async () => {
  server = await startParlor(FLAGS);
});
after(() => server?.stop());

/** Somebody who talks without end, comes back by themselves, and joins again with the key, as the page does. */
async function sits(t, way, room) {
  const soon = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 };
  const person = await connect(server, way, { auth: { seat: freshKey() }, ...soon });
  t.after(() => person.disconnect());
  assert.equal((await person.ask('join', room)).ok, true);
  person.on('connect', () => person.emit('join', room, { resume: true }, () => babble(person, room)));
  babble(person, room);
  return person;
}

/** Sends candidates for as long as it is connected: the next one when an earlier is answered. */
function babble(person, room) {
  const next = () => person.connected && person.emit('candidate', 'x'.repeat(200), room, next);
  for (let window = 0; window < 4; window += 1) next();
}

/** All that may be under way when a server is told to stop. */
async function load(t) {
  const rooms = Array.from({ length: ROOMS }, freshRoom);
  const people = [];
  for (const [at, room] of rooms.entries()) {
    const way = WAYS[at % WAYS.length];
    people.push(await sits(t, way, room), await sits(t, way, room));
  }
  const { port } = server;
  const lines = {
    poll: new Line(port).write(poll(await polling(port))),
    body: new Line(port).write(post(await polling(port), 'x'.repeat(100), []).subarray(0, -50)),
    head: new Line(port).write('GET /chat.js HT'),
    TLS: new Line(port).write(Buffer.from([22, 3, 1, 2])),
    probe: new Line(port).write(upgrade(`EIO=4&transport=websocket&sid=${await polling(port)}`)),
    silence: new Line(port),
  };
  t.after(() => Object.values(lines).forEach((line) => line.close()));
  await lines.probe.head();
  await Promise.all(people.map((person) => person.until(30, 'candidate')));
  return { people, lines };
}

for (const [signal, how] of [['SIGTERM', 0], ['SIGKILL', 'SIGKILL']]) {
  test(`after ${signal} under load nobody is told to hang up, and all are in their rooms again by themselves`, async (t) => {
    const { people, lines } = await load(t);
    const { port } = server;
    const away = people.map((person) => new Promise((resolve) => person.once('disconnect', resolve)));
    const asked = Date.now();
    assert.equal(await server.program.stop(signal), how);
    assert.ok(Date.now() - asked < STOPS_WITHIN, `it took ${Date.now() - asked} ms`);
    for (const why of await Promise.all(away)) assert.match(why, /^transport (close|error)$/);
    await Promise.all(Object.values(lines).map((line) => line.end()));
    for (const person of people) {
      assert.deepEqual(person.got.filter(([name]) => ['leave', 'full', 'room-error', 'taken-over'].includes(name)), []);
      person.got.length = 0;
    }

    server = await startParlor(FLAGS, { listen: `127.0.0.1:${port}` });
    await Promise.all(people.map((person) => person.until(1, 'candidate')));
    for (let at = 0; at < people.length; at += 2) {
      const roles = people.slice(at, at + 2).map((person) => person.got.find(([name]) => name === 'created' || name === 'joined')?.[0]);
      assert.deepEqual(roles.sort(), ['created', 'joined'], 'two seats, one of each');
    }
  });
}
