// Browsers on the hosts of a network. What people do in them is that of the browser tests: `Person`
// of ../browser/harness.mjs.
//
//   CHROMIUM   default: /usr/bin/chromium, Debian's package
//   FIREFOX    default: /usr/bin/firefox-esr, Debian's package
//
// Each browser has a home of its own, new unless it is given, and so do the certificates in it.
// Chromium is driven by playwright over a pipe; Firefox, which playwright can only drive in a build
// of its own, by puppeteer over WebDriver BiDi.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, LAPTOP, launch, Person } from '../browser/harness.mjs';
import { PATIENCE } from './network.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

const PREFERENCES = {
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  'media.navigator.streams.fake': true,
  // Nothing that would go to the internet by itself, and no pages of its own.
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.trr.mode': 5,
  'services.settings.server': 'data:,none',
  'toolkit.telemetry.enabled': false,
};

// Its remote control listens on the host's own 127.0.0.1, where we are not; files we share.
const FORWARD = `
  const net = require('node:net'), [port, path] = process.argv.slice(1);
  net.createServer((outer) => {
    const inner = net.connect(port, '127.0.0.1');
    for (const [one, other] of [[outer, inner], [inner, outer]]) one.on('error', () => other.destroy()).pipe(other);
  }).listen(path, () => console.log('forwarding'));`;

export const newHome = (host) => mkdtempSync(join(host.directory, `${host.name}-browser-`));

// --- Certificates ---------------------------------------------------------------------------------

// Makes an authority trusted, as its import in the browser's settings does. `kind` is whose store.
export async function trust(host, home, certificate, kind) {
  const store = kind === 'firefox' ? profile(home) : join(home, '.pki/nssdb');
  mkdirSync(store, { recursive: true });
  await host.run('certutil', ['-N', '--empty-password', '-d', `sql:${store}`]);
  await host.run('certutil', ['-A', '-d', `sql:${store}`, '-n', 'Parlor', '-t', 'C,,', '-i', certificate]);
}

// --- Chromium -------------------------------------------------------------------------------------

// `args` are more flags.
export async function startChromium(host, { home = newHome(host), args = [] } = {}) {
  const start = join(home, 'chromium');
  const [command, words] = host.within(CHROMIUM);
  writeFileSync(start, `#!/bin/sh\nexec ${[command, ...words].map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(start, 0o755);
  return launch({ executablePath: start, env: { PATH: process.env.PATH, HOME: home }, args });
}

// --- Firefox --------------------------------------------------------------------------------------

const profile = (home) => join(home, 'profile');

export async function startFirefox(host, { home = newHome(host) } = {}) {
  assert.ok(existsSync(FIREFOX), `no browser at ${FIREFOX}: apt-get install --no-install-recommends firefox-esr`);
  mkdirSync(profile(home), { recursive: true });
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile(home), 'user.js'), lines.join(''));
  const firefox = host.start(
    FIREFOX, ['--headless', '--no-remote', '--profile', profile(home), '--remote-debugging-port=0'],
    { env: { PATH: process.env.PATH, HOME: home } },
  );
  const [, port] = await firefox.says(/WebDriver BiDi listening on ws:\/\/127\.0\.0\.1:(\d+)/, 2 * PATIENCE);
  const socket = join(home, 'bidi.sock');
  await host.start(process.execPath, ['-e', FORWARD, port, socket]).says(/forwarding/);
  return puppeteer.connect({
    browserWSEndpoint: `ws+unix:${socket}:/session`,
    headers: { Host: `127.0.0.1:${port}` },
    protocol: 'webDriverBiDi',
    defaultViewport: LAPTOP,
  });
}

// Somebody opens the page in Firefox.
export async function enterFirefox(t, browser, url) {
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  await page.bringToFront(); // a tab that is not seen draws nothing, and plays nothing
  await page.goto(url);
  t.after(async () => {
    await page.close();
    assert.deepEqual(faults, [], 'the page stayed clean');
  });
  return new InFirefox(asPlaywright(page), browser, faults);
}

class InFirefox extends Person {
  // Firefox counts no frames of a call's video (getVideoPlaybackQuality() says 0): these are counted
  // as they are shown.
  async sees(selector = '#peer-video') {
    await this.page.evaluate((where) => {
      const video = document.querySelector(where);
      window.framesShown = 0;
      const count = () => {
        window.framesShown += 1;
        video.requestVideoFrameCallback(count);
      };
      video.requestVideoFrameCallback(count);
    }, selector);
    await this.until(() => window.framesShown > 5);
  }
}

// What `Person` asks of a page, by the names and arguments that playwright gives it.
function asPlaywright(page) {
  return {
    fill: (selector, text) => page.locator(selector).setTimeout(PATIENCE).fill(text),
    click: (selector) => page.locator(selector).setTimeout(PATIENCE).click(),
    waitForFunction: (condition, argument, { timeout }) => page.waitForFunction(condition, { timeout, polling: 100 }, argument),
    textContent: (selector) => page.$eval(selector, (element) => element.textContent),
    evaluate: (what, argument) => page.evaluate(what, argument),
    title: () => page.title(),
    mouse: page.mouse,
    keyboard: page.keyboard,
    screenshot: (options) => page.screenshot(options),
  };
}
