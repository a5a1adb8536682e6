// Clients written against the original application keep working: a plain page of that kind, with
// the official client 3.0.1, calls Parlor's page in both roles.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { enter, inCall, newRoom, openHouse } from './harness.mjs';
import { heardEvents, openPrompt, watchedCalls } from './scripts.mjs';

const house = openHouse();

const FILES = {
  '/fixture/': ['text/html', './fixture/index.html'],
  '/fixture/chat.js': ['text/javascript', './fixture/chat.js'],
  '/fixture/socket.io.js': ['text/javascript', './node_modules/socket.io-client-3/dist/socket.io.js'],
};

// The plain page, as if the server had it: the same origin, so that `io.connect()` needs no address.
async function enterPlain(t, options = {}) {
  const serve = async (context) => {
    for (const [path, [contentType, file]] of Object.entries(FILES)) {
      const body = await readFile(new URL(file, import.meta.url));
      await context.route(house.parlor.url + path, (route) => route.fulfill({ contentType, body }));
    }
  };
  const person = await enter(t, house.browser, house.parlor.url, { path: '/fixture/', prepare: serve, ...options });
  await person.until(() => socket.connected);
  return person;
}

const plainCall = (...people) => Promise.all(people.flatMap((person) => [person.sees(), person.hears()]));

test("the plain page makes the room, Parlor's page joins", async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t), ana = await house.enter(t);
  await plain.join(room);
  await plain.sees('#user-video');
  await ana.join(room);
  await ana.is('call');
  await plainCall(plain, ana);
});

test("Parlor's page makes the room, the plain page joins", async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t), ana = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await plain.join(room);
  await ana.is('call');
  await plainCall(plain, ana);
});

test('who has a call with a plain page leaves it alone when the network changes, while it works', async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t), ana = await house.enter(t, { init: [watchedCalls(), heardEvents()] });
  await ana.join(room);
  await ana.is('waiting');
  await plain.join(room);
  await ana.is('call');
  await ana.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await ana.until(() => window.told.filter((name) => name === 'created').length === 2); // over a new line
  // What would be said of it came before this.
  await plain.page.evaluate(() => socket.emit('candidate', null, roomName));
  await ana.until(() => window.told.at(-1) === 'candidate');
  assert.equal(await ana.page.evaluate(() => window.peerConnections.length), 1);
  await plainCall(plain, ana);
});

test('either may leave, and the next call is made with the roles exchanged', async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t), ana = await house.enter(t);
  await plain.join(room);
  await plain.sees('#user-video');
  await ana.join(room);
  await plainCall(plain, ana);
  await plain.page.click('#leave-room-button');
  await ana.is('waiting');
  await plain.join(room); // ana is the creator now
  await ana.is('call');
  await plainCall(plain, ana);
  await ana.leave();
  await plain.until(() => creator && !connection); // and now the plain page
  await ana.page.click('#join-button');
  await ana.is('call');
  await plainCall(plain, ana);
});

test('a plain page closed without a word is noticed', async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t), ana = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await plain.join(room);
  await ana.is('call');
  await plain.page.close();
  await ana.is('waiting');
});

test('a plain page that loses `ready` at its camera prompt is told again and gets the call', async (t) => {
  const room = newRoom();
  const plain = await enterPlain(t, { init: openPrompt() }), ana = await house.enter(t);
  await plain.join(room);
  await plain.until(() => creator);
  await ana.join(room);
  await ana.is('connecting'); // its `ready` is lost on the plain page
  await plain.page.evaluate('answerPrompt()');
  await ana.is('call');
  await plainCall(plain, ana);
});
