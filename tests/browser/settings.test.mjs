// What the server tells the page, and that a page which stays open hears of it again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, freePort, inCall, newRoom, openHouse, startParlor } from './harness.mjs';

const house = openHouse();

// The servers' answers are numbered by a made-up ICE server, so that a call shows which it had.
const numbered = () => `
  {
    const ask = window.fetch.bind(window);
    window.asked = 0;
    window.fetch = (path, ...rest) => {
      if (path !== '/config.json') return ask(path, ...rest);
      if (window.refused) return Promise.reject(new TypeError('as the test wants it'));
      window.asked += 1;
      return Promise.resolve(new Response(JSON.stringify({ iceServers: [{ urls: 'stun:127.0.0.1:' + window.asked }] })));
    };
    window.used = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(options) {
        super(options);
        window.used.push(options.iceServers[0].urls);
      }
    };
  }`;

const ownClock = (context) => context.clock.install(); // goes on by itself, and can be put forward

const joinedByBen = async (t, ana, room) => {
  const ben = await house.enter(t);
  await ben.join(room);
  await inCall(ana, ben);
  return ben;
};

test('who waits for more than an hour calls with what the server says now', async (t) => {
  const ana = await house.enter(t, { init: numbered(), prepare: ownClock }), room = newRoom();
  await ana.join(room);
  await ana.is('waiting');
  assert.equal(await ana.page.evaluate('asked'), 1, 'once is enough in the first hour');
  await ana.page.clock.fastForward('01:00:00');
  await ana.until(() => window.asked === 2);
  await joinedByBen(t, ana, room);
  assert.deepEqual(await ana.page.evaluate('used'), ['stun:127.0.0.1:2']);
});

test('a page left in the lobby asks again when somebody joins, not before', async (t) => {
  const ana = await house.enter(t, { init: numbered(), prepare: ownClock }), room = newRoom();
  await ana.until(() => window.asked === 1);
  await ana.page.clock.fastForward('05:00:00');
  assert.equal(await ana.page.evaluate('asked'), 1);
  await ana.join(room);
  await ana.is('waiting');
  assert.equal(await ana.page.evaluate('asked'), 2);
  await joinedByBen(t, ana, room);
  assert.deepEqual(await ana.page.evaluate('used'), ['stun:127.0.0.1:2']);
});

test('if the server does not tell, what it said before is used', async (t) => {
  const ana = await house.enter(t, { init: numbered(), prepare: ownClock }), room = newRoom();
  await ana.until(() => window.asked === 1);
  await ana.page.evaluate('refused = true');
  await ana.page.clock.fastForward('02:00:00');
  await ana.join(room);
  await ana.is('waiting');
  await joinedByBen(t, ana, room);
  assert.deepEqual(await ana.page.evaluate('used'), ['stun:127.0.0.1:1']);
});

test('a line that comes back after hours takes its seat with what the server says now', async (t) => {
  const port = await freePort(), room = newRoom();
  let parlor = await startParlor({ port });
  t.after(() => parlor?.stop());
  const ana = await enter(t, house.browser, parlor.url, { init: numbered(), prepare: ownClock, tolerant: true });
  await ana.join(room);
  await ana.is('waiting');
  await parlor.stop();
  parlor = null;
  await ana.until(() => !document.querySelector('#link-bar').hidden);
  await ana.page.evaluate(() => { // the machine sleeps: no timer runs, but the time goes on
    const before = Date.now;
    Date.now = () => before() + 5 * 3_600_000;
  });
  parlor = await startParlor({ port });
  await ana.page.clock.runFor(10_000);
  await ana.until(() => document.querySelector('#link-bar').hidden);
  assert.equal(await ana.page.evaluate('asked'), 2);
});
