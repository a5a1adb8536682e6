// The line to the server: lost and repaired, by WebSocket and by polling, and what a call does meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, fragileParlor, inCall, newRoom, openHouse } from './harness.mjs';
import { watchedCalls } from './scripts.mjs';

const house = openHouse();

test('a call goes on while the server is away, says so, and takes its seats again', async (t) => {
  const parlor = await fragileParlor(t), room = newRoom();
  const come = () => enter(t, house.browser, parlor.url, { tolerant: true, init: watchedCalls() });
  const ana = await come(), ben = await come(), cleo = await come();
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await parlor.stop();
  await Promise.all([ana, ben].map((one) => one.barSays('Reconnecting to Parlor. Your call goes on.')));
  await cleo.barSays('Parlor does not answer. Trying again.');
  await inCall(ana, ben);
  await parlor.restart();
  await Promise.all([ana, ben, cleo].map((one) => one.barSays('')));
  await inCall(ana, ben);
  assert.deepEqual([await ana.page.evaluate('peerConnections.length'), await ben.page.evaluate('peerConnections.length')], [1, 1],
    'the call was left alone');
  await cleo.join(room);
  await cleo.says('#notice-title', `Two people are already in ${room}.`); // both sit again
  await ben.leave();
  await ana.is('waiting');
});

test('who waits alone while the server restarts still gets the next call', async (t) => {
  const parlor = await fragileParlor(t), room = newRoom();
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true });
  await ana.join(room);
  await ana.is('waiting');
  await parlor.stop();
  await ana.barSays('Reconnecting to Parlor.');
  await parlor.restart();
  await ana.barSays('');
  await ana.is('waiting');
  const ben = await enter(t, house.browser, parlor.url, { tolerant: true }); // its server goes first at the end
  await ben.join(room);
  await inCall(ana, ben);
});

test('who hangs up while the server is away is not waited for afterwards', async (t) => {
  const parlor = await fragileParlor(t), room = newRoom();
  const come = () => enter(t, house.browser, parlor.url, { tolerant: true });
  const ana = await come(), ben = await come();
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await parlor.stop();
  await ana.barSays('Reconnecting to Parlor. Your call goes on.');
  await ben.leave();
  await ana.is('away');
  assert.equal(await ana.text('#room-status'), "The other person's connection dropped. Waiting for them to come back.");
  await parlor.restart();
  await ana.is('waiting');
});

test('Join pressed while there is no server is answered once there is one', async (t) => {
  const parlor = await fragileParlor(t);
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true });
  await parlor.stop();
  await ana.barSays('Parlor does not answer. Trying again.');
  await ana.join(newRoom());
  await ana.is('asking');
  await parlor.restart();
  await ana.is('waiting');
});

test('a call that fails is made again by itself', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: watchedCalls() }), ben = await house.enter(t, { init: watchedCalls() });
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ana.page.evaluate(() => peerConnections[0].close()); // the other side sees it hung up, without a `leave`
  await ben.until(() => peerConnections.length > 1);
  await inCall(ana, ben);
});

test('where there is no WebSocket the page goes on by polling', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: 'window.WebSocket = class { constructor() { throw new Error("none here"); } };' });
  const ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
});

test('a page that only polls makes a call, and closing it frees the seat', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t, { path: '/?transport=polling' });
  const sockets = [];
  ben.page.on('websocket', (ws) => sockets.push(ws.url()));
  await ben.join(room);
  await ben.is('waiting');
  await ana.join(room);
  await inCall(ana, ben);
  assert.deepEqual(sockets, []);
  await ben.page.close({ runBeforeUnload: false });
  await ana.is('waiting');
});

test('the client: acks are answered, open() twice is one line, close() is final', async (t) => {
  const ana = await house.enter(t);
  for (const polling of [false, true]) {
    const seen = await ana.page.evaluate(async ([polling, room]) => {
      const { Socket } = await import('/socket.js');
      const real = { WebSocket: window.WebSocket, fetch: window.fetch };
      const opened = [], events = [], order = new Set();
      const path = '/socket.io/mine/'; // the page has a line of its own
      window.WebSocket = class extends real.WebSocket {
        constructor(url) {
          super(url);
          if (url.includes(path)) opened.push(url);
        }
      };
      window.fetch = (url, ...rest) => {
        if (String(url).includes(path) && !String(url).includes('sid=')) opened.push(String(url));
        const [{ signal, keepalive } = {}] = rest;
        signal?.addEventListener('abort', () => order.add('poll ends'));
        const answer = real.fetch.call(window, url, ...rest);
        if (keepalive) answer.then(({ status }) => order.add(`goodbye: ${status}`));
        return answer;
      };
      const socket = new Socket({ polling, path });
      const connected = new Promise((resolve) => socket.on('connect', resolve));
      socket.on('disconnect', (reason) => events.push(reason));
      const early = socket.emit('join', room);
      socket.open();
      socket.open();
      await connected;
      const answer = await new Promise((resolve) => socket.emit('join', room, resolve));
      socket.close();
      socket.close();
      dispatchEvent(new Event('online'));
      document.dispatchEvent(new Event('visibilitychange'));
      const late = socket.emit('join', room);
      while (polling && order.size < 2) await new Promise((resolve) => requestAnimationFrame(resolve));
      Object.assign(window, real);
      return { order: [...order], early, answer, late, events, opened: opened.length, connected: socket.connected };
    }, [polling, newRoom()]);
    assert.deepEqual(seen, {
      order: polling ? ['goodbye: 200', 'poll ends'] : [], early: false, answer: { ok: true, role: 'created' }, late: false, events: ['io client disconnect'], opened: 1, connected: false,
    });
  }
});

// As Safari does behind a certificate that was let pass: the page loads, a WebSocket is refused.
const refusedWebSocket = () => `
  window.tried = 0;
  window.WebSocket = class {
    constructor() {
      window.tried += 1;
      setTimeout(() => this.onclose({ code: 1006 }));
    }
    close() {}
  };`;

test('where a WebSocket is refused a call is made by polling, and coming back does not try it again', async (t) => {
  const parlor = await fragileParlor(t), room = newRoom();
  const come = () => enter(t, house.browser, parlor.url, { tolerant: true, init: refusedWebSocket() });
  const ana = await come(), ben = await come();
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await parlor.stop();
  await ana.barSays('Reconnecting to Parlor. Your call goes on.');
  await parlor.restart();
  await ana.barSays('');
  await inCall(ana, ben);
  assert.deepEqual([await ana.page.evaluate('tried'), await ben.page.evaluate('tried')], [1, 1]);
  await ben.leave();
  await ana.is('waiting');
});

test('a WebSocket is tried again when polling alone has gone on for long', async (t) => {
  const parlor = await fragileParlor(t);
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true, init: refusedWebSocket() });
  await ana.join(newRoom());
  await ana.is('waiting');
  await ana.page.evaluate(() => {
    const before = Date.now;
    Date.now = () => before() + 16 * 60_000;
  });
  await parlor.stop();
  await ana.barSays('Reconnecting to Parlor.');
  await parlor.restart();
  await ana.barSays('');
  assert.ok(await ana.page.evaluate('tried') > 1);
});

test('a server that was away is no reason to go without WebSocket', async (t) => {
  const parlor = await fragileParlor(t);
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true });
  await ana.join(newRoom());
  await ana.is('waiting');
  await parlor.stop();
  await ana.barSays('Reconnecting to Parlor.');
  const opened = ana.page.waitForEvent('websocket');
  await parlor.restart();
  await opened;
  await ana.barSays('');
});
