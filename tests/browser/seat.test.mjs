// The seat survives: lost lines, frozen pages, duplicated tabs, networks that change.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRelay } from '../relay.mjs';
import { connections, freeze, hasOtherWays, heard, meet, ways } from './calls.mjs';
import { enter, inCall, openHouse, startParlor } from './harness.mjs';
import { heardEvents, watchedCalls, watchedScreen, withSeatKey } from './scripts.mjs';

const house = openHouse();

// For pages that stand still, which is noticed by a heartbeat that is missed: within four seconds here. A
// machine that is busy misses a quicker one, and everywhere else the ordinary one is good enough.
let quick;
before(async () => (quick = await startParlor({ args: ['--ping-interval', '1s', '--ping-timeout', '3s'] })));
after(() => quick?.stop());
const enterQuick = (t, who) => enter(t, house.browser, quick.url, who);

const scripts = [watchedCalls(), heardEvents()];

test('a line that is cut keeps its seat: a stranger finds the room full, and the call goes on', async (t) => {
  const relay = await startRelay(house.parlor);
  const ana = await house.enter(t, { init: scripts }), cleo = await house.enter(t);
  const ben = await enter(t, house.browser, relay.url, { init: scripts, tolerant: true });
  const room = await meet(ana, ben);
  relay.cut();
  await heard(ana, 'peer-away');
  await cleo.join(room);
  await cleo.says('#notice-title', `Two people are already in ${room}.`);
  await inCall(ana, ben);
  relay.mend();
  await heard(ana, 'peer-back');
  await inCall(ana, ben);
  assert.deepEqual(await connections(ana, ben), [1, 1], 'the call was left alone');
  await ben.leave();
  await ana.is('waiting');
});

test('whose line and call are lost is waited for, and called again when they are back', async (t) => {
  const relay = await startRelay(house.parlor);
  const ana = await house.enter(t, { init: scripts });
  const ben = await enter(t, house.browser, relay.url, { init: scripts, tolerant: true });
  await meet(ana, ben);
  relay.cut();
  await heard(ana, 'peer-away');
  await ben.page.evaluate(() => window.peerConnections[0].close());
  await ana.is('away');
  assert.equal(await ana.text('#room-status'), "The other person's connection dropped. Waiting for them to come back.");
  relay.mend();
  await inCall(ana, ben);
});

test('a page that stood still, as on a phone that sleeps, comes back to its call', async (t) => {
  const ana = await enterQuick(t, { init: scripts }), ben = await enterQuick(t, { init: scripts });
  await meet(ana, ben);
  const thaw = await freeze(ben);
  await heard(ana, 'peer-away');
  await thaw();
  await heard(ana, 'peer-back');
  await inCall(ana, ben);
});

test('a tab that is closed gives its seat up, and who comes back within a second gets one', async (t) => {
  const ana = await house.enter(t), ben = await house.enter(t);
  const room = await meet(ana, ben);
  await ben.page.reload();
  await ana.is('waiting'); // and not by who comes back, which would take the old seat over
  await ben.join(room);
  await inCall(ana, ben);
});

test('the seat of a tab that is closed is free at once, for anybody', async (t) => {
  const ana = await house.enter(t), ben = await house.enter(t), cleo = await house.enter(t, { init: heardEvents() });
  const room = await meet(ana, ben);
  await ben.page.close({ runBeforeUnload: false });
  await ana.is('waiting');
  await cleo.join(room);
  await inCall(ana, cleo);
  assert.ok(!(await cleo.page.evaluate(() => window.told)).includes('full'));
});

test('a duplicated tab takes the seat over, and the two do not throw each other out', async (t) => {
  const key = withSeatKey('0123456789abcdef0123456789abcdef');
  const ana = await house.enter(t), first = await house.enter(t, { init: key }), second = await house.enter(t, { init: key });
  const room = await meet(ana, first);
  await second.join(room);
  await first.says('#notice-title', `You are in ${room} in another tab.`);
  await inCall(ana, second);
  assert.equal(await first.page.evaluate(() => document.body.dataset.phase), 'lobby');
  await first.page.click('#join-button'); // asked for, it comes here
  await second.says('#notice-title', `You are in ${room} in another tab.`);
  await inCall(ana, first);
});

for (const [whose, places] of [['of who made the room', [0]], ['of who joined it', [1]], ['of both', [0, 1]]]) {
  test(`where the network ${whose} changes, the call gets another way and goes on`, async (t) => {
    const people = [await house.enter(t, { init: scripts }), await house.enter(t, { init: scripts })];
    await meet(...people);
    const before = await ways(people[0]);
    await Promise.all(places.map((at) => people[at].page.evaluate(() => window.dispatchEvent(new Event('online')))));
    await Promise.all(people.map((person) => hasOtherWays(person, before)));
    await inCall(...people);
    assert.deepEqual(await connections(...people), [1, 1]);
  });
}

test('a tab that stood still while its copy took the seat stays away, until somebody presses Join there', async (t) => {
  const key = withSeatKey('fedcba9876543210fedcba9876543210'), init = [key, ...scripts];
  const ana = await enterQuick(t, { init: scripts });
  const first = await enterQuick(t, { init }), copy = await enterQuick(t, { init });
  const room = await meet(ana, first);
  const thaw = await freeze(first);
  await heard(ana, 'peer-away');
  await copy.join(room);
  await inCall(ana, copy);
  await thaw();
  await first.says('#notice-title', `You are in ${room} in another tab.`);
  await first.is('lobby');
  await inCall(ana, copy);
  assert.ok(!(await copy.page.evaluate(() => window.told)).includes('taken-over'));
  await first.page.click('#join-button');
  await copy.says('#notice-title', `You are in ${room} in another tab.`);
  assert.equal(await copy.text('#announcer'), '', 'it went by itself, and nothing has failed');
  await inCall(ana, first);
});

test('the screen is kept on while somebody is talked to, also after the page was hidden', async (t) => {
  const ana = await house.enter(t, { init: watchedScreen() }), ben = await house.enter(t);
  const locks = (count) => ana.until((wanted) => window.screenLocks.size === wanted, count);
  await locks(0);
  await meet(ana, ben);
  await locks(1);
  await ana.page.evaluate(() => {
    for (const lock of [...window.screenLocks]) lock.release(); // as a browser does with a hidden page
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await locks(1);
  await ben.leave();
  await ana.is('waiting');
  await locks(0);
});

test('a goodbye is said until its own acknowledgement comes, not that of an earlier one', async (t) => {
  const ana = await house.enter(t);
  const said = await ana.page.evaluate(async () => {
    const { Goodbyes } = await import('/goodbye.js');
    const sent = [], acknowledge = [];
    const line = { emit: (...event) => (acknowledge.push(event.pop()), sent.push(event[1])) };
    const goodbyes = new Goodbyes(line);
    const repeated = () => (sent.splice(0), goodbyes.repeat(), sent.splice(0));
    goodbyes.say('kitchen');
    goodbyes.say('kitchen'); // having joined again in between
    acknowledge[0]();
    const first = repeated();
    acknowledge[1]();
    return [first, repeated()];
  });
  assert.deepEqual(said, [['kitchen'], []]);
});
