// From the printed address to a picture, without internet: the plain-HTTP visit, the certificate that
// is trusted or whose warning is passed, and calls between browsers on two hosts. Pictures of it go to
// `screenshots/` at the top, for people to look at.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { enter, inCall, newRoom, PHONE } from '../browser/harness.mjs';
import { enterFirefox, newHome, startChromium, startFirefox, trust } from './browsers.mjs';
import { eventually, Network } from './network.mjs';
import { fetchAuthority, parlorCommand, PORT, resolve, startAvahi, startParlor } from './programs.mjs';

const FOLDER = fileURLToPath(new URL('../../screenshots/', import.meta.url));
const NAME = `https://parlor.local:${PORT}`;
mkdirSync(FOLDER, { recursive: true });

let net, kitchen, laptop, phone, parlor, authority;
before(async () => {
  net = await Network.make();
  [kitchen, laptop, phone] = [await net.host('kitchen-pi'), await net.host('laptop'), await net.host('phone')];
  await Promise.all([startAvahi(laptop), startAvahi(phone)]);
  parlor = await startParlor(kitchen);
  for (const host of [laptop, phone]) await eventually('the name is found', () => resolve(host, 'parlor.local', 4));
  authority = await fetchAuthority(phone, kitchen);
});
after(() => net?.close());

// A browser for one test; it trusts the authority unless told otherwise.
async function chromium(t, host, { trusting = true } = {}) {
  const home = newHome(host);
  if (trusting) await trust(host, home, authority.der, 'chromium');
  const browser = await startChromium(host, { home });
  t.after(() => browser.close());
  return browser;
}

// What a person does who is warned and goes on.
async function passTheWarning(context) {
  const page = await context.newPage();
  await assert.rejects(page.goto(NAME), /ERR_CERT_AUTHORITY_INVALID/);
  await page.click('#details-button');
  await page.click('#proceed-link');
  await page.waitForSelector('#join-button');
  await page.close();
}

async function call(ana, ben) {
  const room = newRoom();
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
}

test('a visit by plain HTTP gets the trust page, and from there the authority and a page with a camera', async (t) => {
  const browser = await chromium(t, phone);
  const ana = await enter(t, browser, `http://parlor.local:${PORT}`, { viewport: PHONE, tolerant: true });
  assert.equal(await ana.text('h1'), 'One step before the camera');
  assert.equal(await ana.page.evaluate(() => isSecureContext), false);
  await ana.page.screenshot({ path: `${FOLDER}network-trust-390x844.png`, fullPage: true });
  // What is downloaded is what the server signs with, and what it tells to those who can see it.
  const shown = (await ana.text('#fingerprint')).replaceAll(/\s/g, '');
  const [download] = await Promise.all([ana.page.waitForEvent('download'), ana.page.click('a[href="/parlor-ca.crt"]:visible')]);
  assert.deepEqual(readFileSync(await download.path()), readFileSync(authority.der));
  assert.equal(shown, authority.certificate.fingerprint256);
  const told = await parlorCommand(kitchen, parlor.home, ['certificate']);
  assert.ok(told.includes(shown), told);
  await ana.page.click('#continue');
  await ana.page.waitForURL(`${NAME}/`);
  assert.equal(await ana.page.evaluate(() => isSecureContext && 'mediaDevices' in navigator), true);
});

test('the chain that is served ends in that authority, with which nothing beyond the home can be vouched for', async () => {
  const verified = await phone.run('openssl', [
    's_client', '-connect', `${kitchen.address}:${PORT}`, '-servername', 'parlor.local', '-verify_hostname', 'parlor.local',
    '-CAfile', authority.pem, '-verify_return_error', '-brief',
  ], { input: '' });
  assert.equal(verified, '');
  const text = await phone.run('openssl', ['x509', '-in', authority.pem, '-noout', '-ext', 'nameConstraints']);
  assert.match(text, /Name Constraints: critical/);
  assert.match(text, /Permitted:[^]*DNS:local\b/);
});

test('two people on two hosts are in a call by name, with the authority trusted', async (t) => {
  const [one, other] = await Promise.all([chromium(t, laptop), chromium(t, phone)]);
  const ana = await enter(t, one, NAME), ben = await enter(t, other, NAME, { viewport: PHONE });
  await call(ana, ben);
  await ben.page.screenshot({ path: `${FOLDER}network-call-390x844.png` });
});

test('two people on two hosts are in a call by name, past the warning', async (t) => {
  const [one, other] = await Promise.all([laptop, phone].map((host) => chromium(t, host, { trusting: false })));
  const [ana, ben] = await Promise.all([one, other].map((browser) => enter(t, browser, NAME, { prepare: passTheWarning })));
  await call(ana, ben);
});

test('Chromium on one host and Firefox on another are in a call by name', async (t) => {
  const home = newHome(phone);
  await trust(phone, home, authority.der, 'firefox');
  const [one, firefox] = await Promise.all([chromium(t, laptop), startFirefox(phone, { home })]);
  t.after(() => firefox.close());
  const ana = await enter(t, one, NAME), ben = await enterFirefox(t, firefox, NAME);
  await call(ana, ben);
  for (const person of [ana, ben]) {
    await person.page.keyboard.press('Escape');
    await person.is('lobby');
  }
  await call(ben, ana); // who was there first makes the offer
});
