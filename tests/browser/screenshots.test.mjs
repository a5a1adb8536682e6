// Pictures of every state, for people to look at: `screenshots/` at the top, which git ignores.
// The only claims made here: each state can be reached, and nothing on it scrolls sideways.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { startRelay } from '../relay.mjs';
import { enter, freePort, inCall, LAPTOP, openHouse, passcodeFile, PHONE, PHONE_ACROSS, startParlor } from './harness.mjs';
import { failingCamera, insecurePage, openPrompt, toldByServer, withSeatKey } from './scripts.mjs';

const FOLDER = fileURLToPath(new URL('../../screenshots/', import.meta.url));
const SIZES = { '1280x800': LAPTOP, '390x844': PHONE, '844x390': PHONE_ACROSS };
mkdirSync(FOLDER, { recursive: true });

const house = openHouse();

async function shoot(person, state, sizes = Object.keys(SIZES)) {
  for (const size of sizes) {
    await person.page.setViewportSize(SIZES[size]);
    const sideways = await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(sideways <= 0, `${state} at ${size} scrolls sideways`);
    await person.page.screenshot({ path: `${FOLDER}${state}-${size}.png`, fullPage: true, animations: 'disabled' });
  }
}

test('the lobby, the waiting room and the call, in every shape', async (t) => {
  const ana = await house.enter(t), ben = await house.enter(t);
  await shoot(ana, 'lobby');
  await ana.join('kitchen');
  await ana.is('waiting');
  await ana.sees('#user-video');
  await shoot(ana, 'waiting');
  await ben.join('kitchen');
  await inCall(ana, ben);
  await ana.page.mouse.move(300, 300);
  await shoot(ana, 'call');
  await ana.page.keyboard.press('m');
  await ana.page.keyboard.press('v');
  await shoot(ana, 'call-muted');
  await ana.page.emulateMedia({ colorScheme: 'light' });
  await shoot(ana, 'call-light', ['1280x800', '390x844']);
  const cleo = await house.enter(t, { colorScheme: 'light' });
  await cleo.join('kitchen');
  await cleo.is('lobby');
  await shoot(cleo, 'full-light', ['1280x800', '390x844']);
  await cleo.page.emulateMedia({ colorScheme: 'dark' });
  await shoot(cleo, 'full');
  await ana.leave();
  await ana.is('lobby');
  await shoot(ana, 'lobby-again-light', ['1280x800', '390x844']);
  await ana.page.emulateMedia({ colorScheme: 'dark' });
  await shoot(ana, 'lobby-again');
});

test('the passcode', async (t) => {
  const { folder, args } = passcodeFile('open sesame');
  const parlor = await startParlor({ args });
  const ana = await enter(t, house.browser, parlor.url, { path: '/#kitchen' });
  t.after(() => parlor.stop().then(() => rmSync(folder, { recursive: true })));
  await ana.page.waitForSelector('#passcode-sheet[open]');
  await shoot(ana, 'passcode');
  await ana.page.fill('#passcode', 'mustard');
  await ana.page.press('#passcode', 'Enter');
  await ana.says('#passcode-problem', 'That is not the passcode. Try again.');
  await shoot(ana, 'passcode-wrong');
  await ana.page.emulateMedia({ colorScheme: 'light' });
  await shoot(ana, 'passcode-wrong-light', ['1280x800', '390x844']);
});

test('the invitation', async (t) => {
  const ana = await house.enter(t, { init: toldByServer({ addresses: ['https://192.168.1.20:4000'] }) });
  await ana.join('kitchen');
  await ana.is('waiting');
  await ana.page.click('#invite-button');
  await ana.until(() => document.querySelector('#invite-code').naturalWidth);
  await shoot(ana, 'invite');
  await ana.page.emulateMedia({ colorScheme: 'light' });
  await shoot(ana, 'invite-light', ['1280x800', '390x844']);
});

test('the trust page', async (t) => {
  const agents = {
    iphone: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    android: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  };
  for (const [name, userAgent] of Object.entries(agents)) {
    const ana = await house.enter(t, { path: '/trust.html#kitchen', userAgent });
    await shoot(ana, `trust-${name}`);
    await ana.page.emulateMedia({ colorScheme: 'light' });
    await shoot(ana, `trust-${name}-light`, ['1280x800', '390x844']);
  }
});

test('the camera prompt, a refusal, an address without camera', async (t) => {
  const asking = await house.enter(t, { init: openPrompt() });
  await asking.join('kitchen');
  await asking.is('asking');
  await shoot(asking, 'asking');
  const denied = await house.enter(t, { init: failingCamera('NotAllowedError') });
  await denied.join('kitchen');
  await denied.until(() => !document.querySelector('#notice').hidden);
  await shoot(denied, 'denied');
  const insecure = await house.enter(t, { init: insecurePage() });
  await shoot(insecure, 'not-secure');
});

test('a lost line, in the lobby and in a call', async (t) => {
  const port = await freePort();
  const parlor = await startParlor({ port });
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true });
  const ben = await enter(t, house.browser, parlor.url, { tolerant: true });
  const cleo = await enter(t, house.browser, parlor.url, { tolerant: true });
  await ana.join('kitchen');
  await ana.is('waiting');
  await ben.join('kitchen');
  await inCall(ana, ben);
  await parlor.stop();
  await ana.until(() => !document.querySelector('#link-bar').hidden);
  await cleo.until(() => !document.querySelector('#link-bar').hidden);
  await ana.page.mouse.move(300, 300);
  await shoot(ana, 'reconnecting');
  await shoot(cleo, 'lobby-without-server');
  await ben.leave();
  await ana.is('away');
  await shoot(ana, 'away');
});

test("the other person's line is lost, and a seat that another tab has", async (t) => {
  const parlor = await startParlor();
  t.after(() => parlor.stop());
  const relay = await startRelay(parlor);
  const ana = await enter(t, house.browser, parlor.url, { tolerant: true }); // its server goes first at the end
  const ben = await enter(t, house.browser, relay.url, { tolerant: true });
  await ana.join('kitchen');
  await ana.is('waiting');
  await ben.join('kitchen');
  await inCall(ana, ben);
  relay.cut();
  await ana.barSays('The other person is reconnecting.');
  await ana.page.mouse.move(300, 300);
  await shoot(ana, 'other-reconnecting');
  await ana.page.emulateMedia({ colorScheme: 'light' });
  await shoot(ana, 'other-reconnecting-light', ['1280x800', '390x844']);
  await ben.page.close({ runBeforeUnload: false });
  await ana.is('away');
  await shoot(ana, 'other-lost');
  const init = withSeatKey('0f'.repeat(16));
  const first = await house.enter(t, { init }), copy = await house.enter(t, { init });
  for (const one of [first, copy]) {
    await one.join('garden');
    await one.is('waiting');
  }
  await first.says('#notice-title', 'You are in garden in another tab.');
  await shoot(first, 'another-tab');
  await first.page.emulateMedia({ colorScheme: 'light' });
  await shoot(first, 'another-tab-light', ['1280x800', '390x844']);
});

test('connecting, and a call without a picture', async (t) => {
  const silent = io(house.parlor.url); // joins, says so, and never answers
  t.after(() => silent.close());
  const ana = await house.enter(t);
  await ana.join('garden');
  await ana.is('waiting');
  silent.emit('join', 'garden');
  silent.on('joined', () => silent.emit('ready', 'garden'));
  await ana.is('connecting');
  await shoot(ana, 'connecting');
  silent.close();
  await ana.is('waiting');
  const ben = await house.enter(t, { init: failingCamera('NotAllowedError') });
  await ben.join('garden');
  await ben.page.click('#without-button');
  await Promise.all([ana.is('call'), ben.is('call')]);
  await ana.page.mouse.move(300, 300);
  await ana.until(() => document.querySelector('#room-card').getAnimations().every((one) => one.playState === 'finished'));
  await shoot(ana, 'call-without-picture');
  await ben.press('#camera-button');
  await ben.until(() => !document.querySelector('#room-notice').hidden);
  await shoot(ben, 'call-notice');
});
