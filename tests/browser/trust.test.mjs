// The trust page, and the way from it to a call. Chromium on this machine is served the page itself
// (see tests/http), so here it is opened by its name; what is beyond the loopback, tests/network shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inCall, newRoom, openHouse, PHONE } from './harness.mjs';

const house = openHouse();
const secure = () => house.parlor.url.replace('http:', 'https:');

const IPAD = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';

test('the room goes along: from the trust page past the warning into a call', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { path: `/trust.html#${encodeURIComponent(room)}`, viewport: PHONE, ignoreHTTPSErrors: true });
  await ana.page.click('#continue');
  await ana.page.waitForURL(`${secure()}/#${encodeURIComponent(room)}`);
  assert.equal(await ana.page.inputValue('#roomName'), room);
  assert.equal(await ana.page.evaluate('isSecureContext'), true);
  const ben = await house.enter(t);
  await ana.page.click('#join-button');
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
});

test('a room that is changed in the address goes along too', async (t) => {
  const ana = await house.enter(t, { path: '/trust.html#one' });
  await ana.page.evaluate(() => { location.hash = 'two'; });
  await ana.until(() => document.querySelector('#continue').hash === '#two');
});

test('who goes on without a camera keeps the room', async (t) => {
  const ana = await house.enter(t, { path: '/trust.html#kitchen' });
  await ana.until(() => [...document.querySelectorAll('[data-room]')].every((link) => link.hash === '#kitchen'));
  await ana.page.click('.aside a');
  await ana.page.waitForURL(`${house.parlor.url}/?watch#kitchen`);
  assert.equal(await ana.page.inputValue('#roomName'), 'kitchen');
});

test('without JavaScript the steps are there and the link leads on', async (t) => {
  const ana = await house.enter(t, { path: '/trust.html', javaScriptEnabled: false, ignoreHTTPSErrors: true });
  assert.ok(await ana.page.isVisible('#fingerprint'));
  await ana.page.click('details[data-way="windows"] summary');
  assert.ok(await ana.page.getByText('Trusted Root Certification Authorities').isVisible());
  await ana.page.click('#continue');
  await ana.page.waitForURL(`${secure()}/`);
});

test('the fingerprint is that of the file', async (t) => {
  const ana = await house.enter(t, { path: '/trust.html' });
  const shown = await ana.text('#fingerprint');
  const der = await (await fetch(`${house.parlor.url}/parlor-ca.crt`)).arrayBuffer();
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', der)).toString('hex').toUpperCase();
  assert.equal(shown.replaceAll(':', ''), digest);
});

test('an iPad that says it is a Mac finds its own steps open', async (t) => {
  const open = (person) => person.page.$eval('details[data-way="ios"]', (way) => way.open);
  const ipad = await house.enter(t, {
    path: '/trust.html', userAgent: IPAD, init: "Object.defineProperty(navigator, 'maxTouchPoints', { value: 5 });",
  });
  assert.equal(await open(ipad), true);
  const mac = await house.enter(t, {
    path: '/trust.html', userAgent: IPAD, init: "Object.defineProperty(navigator, 'maxTouchPoints', { value: 0 });",
  });
  assert.equal(await open(mac), false);
  assert.equal(await mac.text('section[data-way="mac"] h3'), 'On a Mac');
});

test('the steps can be gone through by keyboard, headings and all', async (t) => {
  const ana = await house.enter(t, { path: '/trust.html' });
  assert.deepEqual(
    await ana.page.locator('h1, h2').allTextContents(),
    ['One step before the camera', '1 Is it really your server?', '2 Choose one of two ways', 'Continue now', 'Or trust this server once'],
  );
  await ana.page.keyboard.press('Tab');
  assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'continue');
});
