// A link that is slow: whatever is said takes 300 ms to arrive, by a relay between people and server,
// since not every kernel has netem(8).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { connect as meet, freshRoom } from '../conformance/support/official.mjs';
import { startParlor } from './parlor.mjs';

const IN_ORDER = [...Array(100).keys(), 'last'];

/** A relay that passes everything on after `delay` ms, in each direction, and in order. */
async function slowRelay(t, port, delay) {
  const open = new Set();
  const listener = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), delay));
      from.on('end', () => setTimeout(() => to.end(), delay));
      from.on('error', () => to.destroy());
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    listener.close();
    for (const socket of open) socket.destroy();
  });
  return { url: `http://127.0.0.1:${listener.address().port}` };
}

describe('over a link with 300 ms of delay each way a whole call gets through in order', { concurrency: true }, () => {
  for (const way of ['websocket', 'polling', 'upgrade']) {
    test(`by ${way}`, async (t) => {
      const server = await startParlor(['--ping-interval', '1s', '--ping-timeout', '2s']);
      t.after(() => server.stop());
      const slow = await slowRelay(t, server.port, 300);
      const room = freshRoom();
      const [creator, joiner] = [await meet(slow, way), await meet(slow, way)];
      t.after(() => [creator, joiner].map((person) => person.disconnect()));
      const ends = [];
      for (const person of [creator, joiner]) person.on('disconnect', (why) => ends.push(why));
      assert.equal((await creator.ask('join', room)).role, 'created');
      assert.equal((await joiner.ask('join', room)).role, 'joined');
      joiner.emit('ready', room);
      await creator.until(1, 'ready');
      creator.emit('offer', { type: 'offer', sdp: 'v=0' }, room);
      await joiner.until(1, 'offer');
      joiner.emit('answer', { type: 'answer', sdp: 'v=0' }, room);
      for (const number of IN_ORDER) for (const person of [creator, joiner]) person.emit('candidate', number, room);
      for (const person of [creator, joiner]) {
        const got = await person.until(IN_ORDER.length, 'candidate');
        assert.deepEqual(got.map(([, value]) => value), IN_ORDER);
      }
      assert.equal(creator.got.filter(([name]) => name === 'answer').length, 1);
      assert.deepEqual(ends, []);
    });
  }
});
