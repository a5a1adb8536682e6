// The main job: two people, two browsers, one conversation; and who sits where.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inCall, newRoom, openHouse, PHONE } from './harness.mjs';
import { openPrompt, watchedCalls } from './scripts.mjs';

const house = openHouse();

test('two people who type the same name see and hear each other', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t, { viewport: PHONE });
  await ana.join(room);
  await ana.is('waiting');
  assert.equal(await ana.text('#room-status'), `Waiting for somebody to join ${room}.`);
  assert.equal(await ana.page.title(), `${room} (waiting) - Parlor`);
  await ben.join(room);
  await inCall(ana, ben);
  for (const one of [ana, ben]) {
    assert.equal(await one.page.title(), `${room} (in call) - Parlor`);
    assert.equal(await one.text('#announcer'), `In call in ${room}.`);
    assert.ok(await one.page.isHidden('#video-chat-lobby'));
    assert.ok(await one.page.isVisible('#chat-control-panel'));
  }
});

test('the own picture is muted and mirrored, the sent one is not touched', async (t) => {
  const ana = await house.enter(t);
  await ana.join(newRoom());
  await ana.is('waiting');
  await ana.sees('#user-video');
  const own = await ana.page.$eval('#user-video', (video) => ({
    muted: video.muted, inline: video.playsInline, transform: getComputedStyle(video).transform,
  }));
  assert.deepEqual(own, { muted: true, inline: true, transform: 'matrix(-1, 0, 0, 1, 0, 0)' });
  const other = await ana.page.$eval('#peer-video', (video) => getComputedStyle(video).transform);
  assert.equal(other, 'none');
});

test('Mute and Hide camera switch the tracks, by button and by key, and say so', async (t) => {
  const ana = await house.enter(t);
  await ana.join(newRoom());
  await ana.is('waiting');
  const shown = () => ana.page.$$eval('#mute-button, #camera-button', (buttons) => buttons.map(
    (button) => `${button.textContent.trim()} ${button.ariaPressed}`,
  ));
  assert.deepEqual(await shown(), ['Mute false', 'Hide camera false']);
  assert.deepEqual(await ana.sends(), { audio: true, video: true });
  await ana.press('#mute-button');
  assert.deepEqual(await shown(), ['Unmute true', 'Hide camera false']);
  assert.deepEqual(await ana.sends(), { audio: false, video: true });
  await ana.page.keyboard.press('v');
  assert.deepEqual(await shown(), ['Unmute true', 'Show camera true']);
  assert.deepEqual(await ana.sends(), { audio: false, video: false });
  await ana.page.keyboard.press('m');
  await ana.press('#camera-button');
  assert.deepEqual(await shown(), ['Mute false', 'Hide camera false']);
  assert.deepEqual(await ana.sends(), { audio: true, video: true });
});

test('who leaves is back in the lobby with the camera off, and can join again', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ben.page.evaluate(() => { window.oldTracks = document.querySelector('#user-video').srcObject.getTracks(); });
  await ben.leave();
  await ben.is('lobby');
  assert.deepEqual(await ben.page.evaluate(() => window.oldTracks.map((track) => track.readyState)), ['ended', 'ended']);
  assert.equal(await ben.page.evaluate(() => document.querySelector('#user-video').srcObject), null);
  await ana.is('waiting');
  await ana.sees('#user-video'); // own picture still on
  await ben.page.click('#join-button'); // the name is still there
  await inCall(ana, ben);
});

test('a third person is told that the room is full, and takes nothing from the two', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t), cleo = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await cleo.join(room);
  await cleo.says('#notice-title', `Two people are already in ${room}.`);
  await cleo.is('lobby');
  assert.equal(await cleo.text('#notice-text'), 'Try another name.');
  assert.deepEqual(await cleo.sends(), {}, 'the camera is off again');
  await inCall(ana, ben);
  await ben.leave();
  await ana.is('waiting');
  await cleo.page.click('#join-button');
  await inCall(ana, cleo);
});

test('closing the tab frees the seat, and the other waits for the next', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t), cleo = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ben.page.close();
  await ana.is('waiting');
  await cleo.join(room);
  await inCall(ana, cleo);
});

test('the role of the creator passes on to who stays', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t), cleo = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ana.leave(); // who made the room
  await ben.is('waiting');
  await cleo.join(room); // now ben makes the offer
  await inCall(ben, cleo);
  await ben.leave();
  await cleo.is('waiting');
  await ana.page.click('#join-button');
  await inCall(cleo, ana);
});

test('a double click on Join seats nobody twice', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: watchedCalls() }), ben = await house.enter(t, { init: watchedCalls() });
  await ana.page.fill('#roomName', room);
  await ana.page.dblclick('#join-button');
  await ana.is('waiting'); // a second seat would have made it a call with itself
  await ben.page.fill('#roomName', room);
  await ben.page.evaluate(() => {
    for (let click = 0; click < 5; click += 1) document.querySelector('#join-button').click();
  });
  await inCall(ana, ben);
  assert.deepEqual([await ana.page.evaluate('peerConnections.length'), await ben.page.evaluate('peerConnections.length')], [1, 1]);
});

test('who is still at the camera prompt when the other comes gets the call', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: openPrompt() }), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('asking');
  assert.equal(await ana.text('#room-status'), 'Allow the camera and microphone to be seen and heard.');
  await ben.join(room);
  await ben.is('waiting');
  await ana.page.evaluate('answerPrompt()');
  await inCall(ana, ben);
});

test('who gives up at the camera prompt never held a seat, and a late answer stops the camera', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: openPrompt() });
  await ana.join(room);
  await ana.is('asking');
  await ana.page.keyboard.press('Escape');
  await ana.is('lobby');
  const ben = await house.enter(t), cleo = await house.enter(t);
  await ben.join(room);
  await ben.is('waiting');
  await ana.page.evaluate('answerPrompt()');
  await cleo.join(room);
  await inCall(ben, cleo);
  await ana.is('lobby');
  assert.deepEqual(await ana.sends(), {});
});
