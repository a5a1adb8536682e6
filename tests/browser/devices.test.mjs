// Cameras and microphones that are refused, missing, in use, or not to be had at this address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, inCall, launch, newRoom, openHouse } from './harness.mjs';
import { failingCamera, insecurePage, onlyHas, openPrompt, toldByServer, watchedCalls } from './scripts.mjs';

const house = openHouse();

const SENTENCES = {
  NotAllowedError: ['This page may not use the camera and microphone.', /switch the camera and the microphone on\. Then try again\.$/],
  NotFoundError: ['No camera or microphone was found.', /^Plug one in and try again\./],
  NotReadableError: ['The camera or microphone is in use.', /^Another program or tab has it\./],
};

for (const [error, [title, text]] of Object.entries(SENTENCES)) {
  test(`${error} is told in plain words, holds no seat, and leaves a way on`, async (t) => {
    const room = newRoom();
    const ana = await house.enter(t, { init: failingCamera(error) });
    await ana.join(room);
    await ana.says('#notice-title', title);
    await ana.is('lobby');
    assert.match(await ana.text('#notice-text'), text);
    assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'notice');
    const ben = await house.enter(t);
    await ben.join(room);
    await ben.is('waiting'); // not a call: nobody else is seated
    await ana.page.click('#without-button');
    await ana.is('call');
    await ana.sees();
    await ana.hears();
    assert.deepEqual(await ana.sends(), {});
    await ben.is('call');
    assert.equal(await ben.page.evaluate(() => document.body.dataset.peer), 'none');
  });
}

test('who is refused and presses Try again is asked again', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: failingCamera('NotAllowedError') });
  await ana.join(room);
  await ana.says('#notice-title', 'This page may not use the camera and microphone.');
  await ana.page.evaluate(() => { window.allowed = true; });
  await ana.page.click('#retry-button');
  await ana.is('waiting');
  assert.deepEqual(await ana.sends(), { audio: true, video: true });
});

test('a receive-only creator still sees and hears who joins', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: failingCamera('NotAllowedError') }), ben = await house.enter(t);
  await ana.join(room);
  await ana.page.click('#without-button');
  await ana.is('waiting');
  await ben.join(room);
  await Promise.all([ana.is('call'), ben.is('call')]);
  await ana.sees();
  await ana.hears();
});

test('a device without a camera joins with its microphone, one without a microphone with its camera', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: onlyHas('audioinput') }), ben = await house.enter(t, { init: onlyHas('videoinput') });
  await ana.join(room);
  await ana.is('waiting');
  assert.deepEqual(await ana.sends(), { audio: true });
  await ben.join(room);
  await Promise.all([ana.is('call'), ben.is('call')]);
  assert.deepEqual(await ben.sends(), { video: true });
  await ana.sees();
  await ben.hears();
});

test('a browser without any device says so, and joins all the same', async (t) => {
  const bare = await launch({ devices: false });
  t.after(() => bare.close());
  const ana = await enter(t, bare, house.parlor.url);
  await ana.join(newRoom());
  await ana.says('#notice-title', 'No camera or microphone was found.');
  await ana.page.click('#without-button');
  await ana.is('waiting');
});

for (const role of ['creator', 'joiner']) {
  test(`a ${role} without camera may switch it on later, in the call`, async (t) => {
    const room = newRoom();
    const ana = await house.enter(t, { init: failingCamera('NotAllowedError') });
    const ben = await house.enter(t);
    const people = role === 'creator' ? [ana, ben] : [ben, ana];
    for (const person of people) {
      await person.join(room);
      if (person === ana) await person.page.click('#without-button');
      await person.until(() => ['waiting', 'connecting', 'call'].includes(document.body.dataset.phase));
    }
    await Promise.all([ana.is('call'), ben.is('call')]);
    await ana.press('#camera-button');
    await ana.until(() => document.querySelector('#room-notice').textContent.includes('may not use the camera.'));
    await ana.press('#dismiss-button');
    await ana.page.evaluate(() => { window.allowed = true; });
    await ana.press('#camera-button');
    await ben.sees();
    await ana.press('#mute-button'); // labelled Unmute: asks for the microphone
    await inCall(ana, ben);
    assert.deepEqual(await ana.sends(), { video: true, audio: true });
  });
}

test('a camera that is unplugged in the call and comes back needs no new call', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: watchedCalls() }), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ana.page.evaluate(() => {
    const [track] = document.querySelector('#user-video').srcObject.getVideoTracks();
    track.stop();
    track.dispatchEvent(new Event('ended')); // stop() alone is silent
  });
  await ana.until(() => document.body.dataset.camera === 'none');
  await ana.press('#camera-button');
  await ana.until(() => document.body.dataset.camera === 'on');
  await inCall(ana, ben);
  assert.equal(await ana.page.evaluate('peerConnections.length'), 1);
});

test('an address that may not use the camera says so, and joins to watch and listen', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: insecurePage() }), ben = await house.enter(t);
  assert.equal(await ana.text('#notice-title'), "This address can't use the camera.");
  await ana.says('#notice-text', 'Open');
  await ana.says('#notice-link', house.parlor.url.replace('http:', 'https:'));
  await ben.join(room);
  await ben.is('waiting');
  await ana.join(room);
  await ana.is('call');
  await ana.sees();
  await ana.hears();
});

test('the link to an address that may leads into the same room; where there is none, the page says what is needed', async (t) => {
  const told = (config) => [insecurePage(), toldByServer(config)];
  const ana = await house.enter(t, { path: '/#my%20room', init: told({ secureAddress: 'https://parlor.example' }) });
  await ana.until(() => document.getElementById('notice-link').href === 'https://parlor.example/#my%20room');
  assert.equal(await ana.page.isVisible('#notice-link'), true);
  const ben = await house.enter(t, { init: told({}) });
  await ben.until(() => window.asked);
  assert.match(await ben.text('#notice-text'), /https:\/\/ addresses only/);
  assert.equal(await ben.page.isVisible('#notice-link'), false);
});

test('`ready` that comes while the creator without stream is asked again waits for the answer', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: [openPrompt(), watchedCalls(), failingCamera('NotAllowedError')] });
  const ben = await house.enter(t);
  await ana.join(room);
  await ana.page.click('#without-button');
  await ana.is('waiting');
  await ana.page.evaluate(() => { window.allowed = true; });
  await ana.press('#camera-button'); // the prompt is open now
  await ben.join(room);
  await ben.is('connecting');
  await ana.page.evaluate('answerPrompt()');
  await Promise.all([ana.is('call'), ben.is('call')]);
  await ben.sees();
  assert.equal(await ana.page.evaluate('peerConnections.length'), 1);
});
