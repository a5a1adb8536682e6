// A call outlives its server and its lines: killed, cut, left without a word, and mended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRelay } from '../relay.mjs';
import { connections, decodes, hasOtherWays, heard, meet, ways } from './calls.mjs';
import { enter, fragileParlor, inCall, newRoom, openHouse, startParlor } from './harness.mjs';
import { failingCamera, heardAloud, heardEvents, slowAnswers, watchedCalls } from './scripts.mjs';

// A line that is cut is noticed at once, so the heartbeat stays slow: a busy machine misses a quick one.
const house = openHouse();

const scripts = [watchedCalls(), heardEvents()];
const GOES_ON = 'Reconnecting to Parlor. Your call goes on.';
const changeNetwork = (person) => person.page.evaluate(() => window.dispatchEvent(new Event('online')));

// Somebody whose line can be cut.
async function fragile(t, parlor, options = {}) {
  const relay = await startRelay(parlor);
  const person = await enter(t, house.browser, relay.url, { init: scripts, tolerant: true, ...options });
  return [person, relay];
}

test('a server that is killed does not stop the picture, and when it is back so are both people', async (t) => {
  const parlor = await fragileParlor(t);
  const come = (options) => enter(t, house.browser, parlor.url, { tolerant: true, init: scripts, ...options });
  const ana = await come(), ben = await come(), cleo = await come();
  const room = await meet(ana, ben);
  await parlor.kill();
  await Promise.all([ana, ben].map((one) => one.barSays(GOES_ON)));
  await Promise.all([decodes(ana), decodes(ben)]);
  await Promise.all([ana, ben].map((one) => one.barSays(GOES_ON))); // all that while it was away
  await parlor.restart();
  await Promise.all([ana, ben, cleo].map((one) => one.barSays('')));
  await Promise.all([decodes(ana), decodes(ben)]);
  assert.deepEqual(await connections(ana, ben), [1, 1]);
  await cleo.join(room);
  await cleo.says('#notice-title', `Two people are already in ${room}.`);
  await ben.leave();
  await ana.is('waiting');
  await ben.page.click('#join-button');
  await inCall(ana, ben);
});

test('who made the room, was cut off and is back is not alone: a camera and a network come to the same call', async (t) => {
  const [ana, relay] = await fragile(t, house.parlor, { init: [...scripts, failingCamera('NotAllowedError', ['video'])] });
  const ben = await house.enter(t, { init: scripts });
  const room = 'studio';
  await ana.join(room);
  await ana.page.click('#without-button');
  await ana.is('waiting');
  await ben.join(room);
  await Promise.all([ana.is('call'), ben.is('call'), ana.sees(), ben.hears()]);
  relay.cut();
  await heard(ben, 'peer-away');
  relay.mend();
  await heard(ben, 'peer-back');
  await ana.barSays('');
  await ana.page.evaluate('allowed = true');
  await ana.press('#camera-button');
  await inCall(ana, ben);
  const before = await ways(ana);
  await changeNetwork(ana);
  await hasOtherWays(ana, before);
  await inCall(ana, ben);
  assert.deepEqual(await connections(ana, ben), [1, 1]);
});

test('a camera that is switched on while the line is down is seen when the line is back', async (t) => {
  const init = [...scripts, failingCamera('NotAllowedError', ['video'])];
  for (const [place, room] of ['attic', 'cellar'].entries()) {
    const [lost, relay] = await fragile(t, house.parlor, { init });
    const other = await house.enter(t, { init: scripts });
    const [first, second] = place ? [other, lost] : [lost, other];
    for (const one of [first, second]) {
      await one.join(room);
      if (one === lost) await one.page.click('#without-button');
      if (one === first) await one.is('waiting');
    }
    await Promise.all([first.is('call'), second.is('call'), lost.sees()]);
    relay.cut();
    await lost.barSays(GOES_ON);
    await lost.page.evaluate('allowed = true');
    await lost.press('#camera-button');
    await lost.sees('#user-video');
    relay.mend();
    await inCall(first, second);
    assert.deepEqual(await connections(first, second), [1, 1]);
  }
});

test('the lines of both may be cut at once', async (t) => {
  const relay = await startRelay(house.parlor);
  const come = () => enter(t, house.browser, relay.url, { init: scripts, tolerant: true });
  const ana = await come(), ben = await come(), cleo = await house.enter(t);
  const room = await meet(ana, ben);
  relay.cut();
  await Promise.all([ana, ben].map((one) => one.barSays(GOES_ON)));
  await cleo.join(room);
  await cleo.says('#notice-title', `Two people are already in ${room}.`);
  await Promise.all([decodes(ana), decodes(ben)]);
  relay.mend();
  await Promise.all([ana, ben].map((one) => one.barSays('')));
  assert.deepEqual(await connections(ana, ben), [1, 1]);
  await ana.leave();
  await ben.is('waiting');
});

test('who is away for longer than the seat is held has left, and comes back as if for the first time', async (t) => {
  const parlor = await startParlor({ args: ['--seat-hold', '5s'] });
  t.after(() => parlor.stop());
  const ana = await enter(t, house.browser, parlor.url, { init: [...scripts, heardAloud()], tolerant: true }); // its server goes first at the end
  const [ben, relay] = await fragile(t, parlor);
  await meet(ana, ben);
  relay.cut();
  await ana.says('#announcer', 'The other person is reconnecting.');
  await heard(ana, 'leave');
  await ana.is('waiting');
  assert.ok(!(await ana.page.evaluate('announced')).includes('The other person is back.'));
  assert.deepEqual((await ana.page.evaluate(() => window.told)).slice(-2), ['peer-away', 'leave']);
  relay.mend();
  await heard(ben, 'joined', 2);
  await inCall(ana, ben);
});

for (const [who, place] of [['who made the room', 0], ['who joined it', 1]]) {
  test(`a call is mended over a line that was itself made anew, by ${who}`, async (t) => {
    const [ana, relayOfAna] = await fragile(t, house.parlor), [ben, relayOfBen] = await fragile(t, house.parlor);
    await meet(ana, ben);
    const [lost, other] = place ? [ben, ana] : [ana, ben], relay = place ? relayOfBen : relayOfAna;
    relay.cut();
    await heard(other, 'peer-away');
    relay.mend();
    await heard(other, 'peer-back');
    for (const one of [lost, other]) {
      const before = await ways(ana);
      await changeNetwork(one);
      await Promise.all([hasOtherWays(ana, before), hasOtherWays(ben, before)]);
    }
    await inCall(ana, ben);
    assert.deepEqual(await connections(ana, ben), [1, 1]);
  });
}

test('who leaves while the line is down is not waited for once it is back', async (t) => {
  const ana = await house.enter(t, { init: scripts });
  const [ben, relay] = await fragile(t, house.parlor);
  const room = await meet(ana, ben);
  relay.cut();
  await heard(ana, 'peer-away');
  await ben.barSays(GOES_ON);
  await ben.leave();
  await ana.is('away');
  relay.mend();
  await ana.is('waiting');
  await heard(ana, 'leave');
  await ben.page.fill('#roomName', room);
  await ben.page.click('#join-button');
  await inCall(ana, ben);
});

test('a line that is lost and back is said in words, to the eye and to the ear', async (t) => {
  const ana = await house.enter(t, { init: scripts });
  const [ben, relay] = await fragile(t, house.parlor);
  await meet(ana, ben);
  relay.cut();
  for (const [person, words] of [[ana, 'The other person is reconnecting.'], [ben, GOES_ON]]) {
    await person.barSays(words);
    await person.says('#announcer', words);
  }
  relay.mend();
  for (const [person, words] of [[ana, 'The other person is back.'], [ben, 'Connected to Parlor again.']]) {
    await person.barSays('');
    await person.says('#announcer', words);
  }
});

for (const [who, place] of [['who made the room', 0], ['who joined it', 1]]) {
  test(`a call that breaks is mended though the line of ${who} is dead and looks alive`, async (t) => {
    const [lost, relay] = await fragile(t, house.parlor), other = await house.enter(t, { init: scripts });
    await meet(...(place ? [other, lost] : [lost, other]));
    relay.silence();
    await other.page.evaluate(() => window.peerConnections[0].close());
    await lost.is('away');
    await inCall(lost, other); // long before a heartbeat is missed
  });
}

test('a prompt for the camera does not end the call that there is, whatever the other device does meanwhile', async (t) => {
  const ana = await house.enter(t, { init: [...scripts, failingCamera('NotAllowedError')] });
  const ben = await house.enter(t, { init: scripts }), room = newRoom();
  await ana.join(room);
  await ana.page.click('#without-button');
  await ana.is('waiting');
  await ben.join(room);
  await Promise.all([ana.is('call'), ben.is('call'), ana.sees(), ana.hears()]);
  await ana.page.evaluate(() => {
    const prompt = new Promise((resolve, reject) => { window.deny = () => reject(new DOMException('no', 'NotAllowedError')); });
    navigator.mediaDevices.getUserMedia = () => prompt;
  });
  await ana.press('#camera-button');
  const before = await ways(ana);
  await changeNetwork(ben);
  await hasOtherWays(ana, before);
  await ana.page.evaluate('deny()');
  await ana.page.waitForSelector('#room-notice:not([hidden])');
  assert.deepEqual(await connections(ana, ben), [1, 1]);
  await Promise.all([ana.is('call'), ben.is('call'), ana.sees(), ana.hears()]);
});

test('who leaves while an answer is being taken makes no call any more', async (t) => {
  const ana = await house.enter(t, { init: [...scripts, slowAnswers(), failingCamera('NotAllowedError')] });
  const ben = await house.enter(t, { init: scripts }), room = newRoom();
  await ana.join(room);
  await ana.page.click('#without-button');
  await ana.is('waiting');
  await ben.join(room);
  await ana.until(() => window.answers === 1);
  await ana.page.evaluate('allowed = true');
  await ana.press('#camera-button');
  await ana.sees('#user-video'); // which is to be offered next
  await ana.leave();
  await ana.is('lobby');
  await ana.page.evaluate('takeAnswers()');
  await ben.is('waiting');
  assert.deepEqual(await connections(ana), [1]);
});

test('who takes a seat that a restart freed does not end the call of those who had it', async (t) => {
  const parlor = await fragileParlor(t);
  const [ana, relayOfAna] = await fragile(t, parlor), [ben, relayOfBen] = await fragile(t, parlor);
  const [cleo, relayOfCleo] = await fragile(t, parlor);
  const room = await meet(ana, ben), relays = [relayOfAna, relayOfBen, relayOfCleo];
  for (const relay of relays) relay.cut();
  await parlor.kill();
  await cleo.join(room); // sits down as soon as there is a server
  await parlor.restart();
  relayOfAna.mend();
  await heard(ana, 'created', 2);
  relayOfCleo.mend();
  await heard(ana, 'answer', 2); // Cleo's, to an offer that was for Ben
  await ana.until(() => window.peerConnections.at(-1).signalingState === 'stable');
  relayOfBen.mend();
  await heard(ben, 'full');
  await inCall(ana, ben);
  await cleo.leave();
  await ben.barSays('');
  await inCall(ana, ben);
  assert.deepEqual(await connections(ana, ben), [1, 1]);
});

test('a server that has no room for them after a restart does not end a call either', async (t) => {
  const parlor = await fragileParlor(t, { args: ['--max-rooms', '1'] });
  const [ana, relayOfAna] = await fragile(t, parlor), [ben, relayOfBen] = await fragile(t, parlor);
  await meet(ana, ben);
  relayOfAna.cut();
  relayOfBen.cut();
  await parlor.kill();
  await parlor.restart();
  const cleo = await enter(t, house.browser, parlor.url, { tolerant: true });
  await cleo.join(newRoom());
  await cleo.is('waiting');
  relayOfAna.mend();
  relayOfBen.mend();
  await Promise.all([heard(ana, 'room-error', 2), heard(ben, 'room-error', 2)]); // tried again
  await inCall(ana, ben);
  await cleo.leave();
  await Promise.all([ana.barSays(''), ben.barSays('')]);
  await inCall(ana, ben);
  assert.deepEqual(await connections(ana, ben), [1, 1]);
});
