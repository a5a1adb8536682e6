// The main job: two people, two browsers, one conversation.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inCall, newRoom, openHouse, PHONE } from './harness.mjs';

const house = openHouse();

test('two people who type the same name see and hear each other', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t, { viewport: PHONE });
  await ana.join(room);
  await ana.is('waiting');
  assert.equal(await ana.text('#room-status'), `Waiting for somebody to join ${room}.`);
  await ben.join(room);
  await inCall(ana, ben);
  assert.equal(await ana.page.title(), `${room} (in call) - Parlor`);
});
