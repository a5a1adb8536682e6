// What every browser test stands on: the real server, the real browser, and people in it.
//
//   PARLOR_BIN   the server to start (default: ../../target/release/parlor)
//   CHROMIUM     the browser to drive (default: /usr/bin/chromium, Debian's package)
//
// Each test file starts one server and one browser; each person is a browser context of their
// own. There are no sleeps: everything waits for a condition. A person's page that logs an error,
// throws, or asks any other host for anything fails its test, unless the test says `tolerant`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const PARLOR = process.env.PARLOR_BIN ?? fileURLToPath(new URL('../../target/release/parlor', import.meta.url));
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE = 30_000; // ms for any one condition; a slow machine needs some, a good run none

// The last one: a page that a test serves by itself has no address, so Chromium takes it for one
// from the internet and keeps it from the local network.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
  '--disable-features=LocalNetworkAccessChecks',
];
const FAKE_DEVICES = '--use-fake-device-for-media-stream';

export const LAPTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
export const PHONE_ACROSS = { width: 844, height: 390 };

// --- The server -----------------------------------------------------------------------------------

// Each server has a certificate of its own, and none is left in the developer's home.
const newState = () => mkdtempSync(join(tmpdir(), 'parlor-state-'));
const removeState = (state) => rmSync(state, { recursive: true, force: true });

// Whoever gives a `state` folder removes it.
export async function startParlor({ port = 0, args = [], state: kept } = {}) {
  assert.ok(existsSync(PARLOR), `no server at ${PARLOR}: cargo build --release, or set PARLOR_BIN`);
  const state = kept ?? newState();
  const given = ['--listen', `127.0.0.1:${port}`, '--state-dir', state, ...args];
  const child = spawn(PARLOR, given, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const found = /http:\/\/(?:127\.0\.0\.1|localhost):(\d+)/.exec(output);
      if (found) resolve(`http://127.0.0.1:${found[1]}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (!kept) ended.then(() => removeState(state));
  return {
    url,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

// A file with a passcode, and the flags of a server that asks for it.
export function passcodeFile(passcode) {
  const folder = mkdtempSync(join(tmpdir(), 'parlor-passcode-'));
  const file = join(folder, 'passcode');
  const write = (text) => writeFileSync(file, `${text}\n`, { mode: 0o600 });
  write(passcode);
  return { folder, write, args: ['--passcode-file', file] };
}

// A server that can be taken away and given back on the same port, with the same state.
export async function fragileParlor(t, { args } = {}) {
  const port = await freePort(), state = newState();
  let parlor = await startParlor({ port, args, state });
  t.after(async () => {
    await parlor?.stop();
    removeState(state);
  });
  const stop = async (signal) => {
    await parlor.stop(signal);
    parlor = null;
  };
  return {
    url: parlor.url,
    stop: () => stop(),
    kill: () => stop('SIGKILL'),
    async restart() {
      parlor = await startParlor({ port, args, state });
    },
  };
}

// For a server that must come back on the same port. Below the range that systems hand out by
// themselves: while the server is away, no other socket of this machine may be given its port.
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

// --- The browser ----------------------------------------------------------------------------------

// `executablePath` stands for a browser that is started in another way, `env` for its surroundings.
export function launch({ devices = true, args = [], executablePath = CHROMIUM, env } = {}) {
  assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}: apt-get install --no-install-recommends chromium`);
  return chromium.launch({ executablePath, env, headless: true, args: [...FLAGS, ...(devices ? [FAKE_DEVICES] : []), ...args] });
}

// One server and one browser for a test file; `house.enter()` brings people in. `flags` are the
// server's, all else is the browser's.
export function openHouse({ flags = [], ...options } = {}) {
  const house = {};
  before(async () => {
    house.parlor = await startParlor({ args: flags });
    house.browser = await launch(options);
  });
  after(async () => {
    await house.browser?.close();
    await house.parlor?.stop();
  });
  house.enter = (t, who) => enter(t, house.browser, house.parlor.url, who);
  return house;
}

let rooms = 0;
export const newRoom = () => `room ${process.pid}-${++rooms}`; // with a space, as people type them

// --- People ---------------------------------------------------------------------------------------

// Somebody opens the page. `path` with query and fragment; `init` runs in the page before ours,
// `prepare(context)` before there is one.
export async function enter(t, browser, url, { path = '/', viewport = LAPTOP, init = [], prepare, tolerant = false, ...options } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: 'dark', ...options });
  await prepare?.(context);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()} ${message.location().url}`));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) faults.push(`request to ${request.url()}`);
  });
  page.on('websocket', (ws) => {
    if (new URL(ws.url()).host !== new URL(url).host) faults.push(`WebSocket to ${ws.url()}`);
  });
  for (const script of [].concat(init)) await context.addInitScript(script);
  await page.goto(url + path);
  const person = new Person(page, context, faults);
  t.after(async () => {
    await context.close();
    if (!tolerant) assert.deepEqual(faults, [], 'the page stayed clean');
  });
  return person;
}

export class Person {
  constructor(page, context, faults) {
    Object.assign(this, { page, context, faults });
  }

  async join(room) {
    await this.page.fill('#roomName', room);
    await this.page.click('#join-button');
  }

  // In a phase of the page's state: lobby, asking, waiting, connecting, call, away.
  is(phase) {
    return this.until((wanted) => document.body.dataset.phase === wanted, phase);
  }

  until(condition, argument) {
    return this.page.waitForFunction(condition, argument, { timeout: PATIENCE });
  }

  // The controls fade, on a busy machine even between two looks of one click, so the page is told of
  // a movement again and again until the click is done. One click: repeated, it could press twice.
  async press(selector) {
    const moving = await this.page.evaluate(() => setInterval(() => document.dispatchEvent(new Event('pointermove')), 500));
    try {
      await this.page.mouse.move(200, 300);
      await this.page.mouse.move(220, 310);
      await this.page.click(selector);
    } finally {
      await this.page.evaluate((timer) => clearInterval(timer), moving);
    }
  }

  leave() {
    return this.press('#leave-room-button');
  }

  // The bar on top of the page says this; '' for no bar.
  barSays(text) {
    return this.until((wanted) => {
      const bar = document.querySelector('#link-bar');
      return (bar.hidden ? '' : bar.textContent) === wanted;
    }, text);
  }

  text(selector) {
    return this.page.textContent(selector).then((text) => text.trim());
  }

  says(selector, wanted) {
    return this.until(([where, what]) => document.querySelector(where)?.textContent.trim() === what, [selector, wanted]);
  }

  // Really plays: it has a size, and frames go on being decoded.
  async sees(selector = '#peer-video') {
    const frames = await this.until((where) => {
      const video = document.querySelector(where);
      return video.videoWidth > 0 && !video.paused && video.getVideoPlaybackQuality().totalVideoFrames;
    }, selector).then((handle) => handle.jsonValue());
    await this.until(
      ([where, before]) => document.querySelector(where).getVideoPlaybackQuality().totalVideoFrames > before + 5,
      [selector, frames],
    );
  }

  // Really hears: the other's microphone arrives as a live track with sound in it.
  hears(selector = '#peer-video') {
    return this.until((where) => {
      const track = document.querySelector(where).srcObject?.getAudioTracks()[0];
      return track?.readyState === 'live' && !track.muted;
    }, selector);
  }

  // What the own stream is made of: { audio: true, video: false }, by `enabled`; absent when there is none.
  sends() {
    return this.page.evaluate(() => Object.fromEntries(
      (document.querySelector('#user-video').srcObject?.getTracks() ?? []).map((track) => [track.kind, track.enabled]),
    ));
  }
}

// Two people in one call, both seeing and hearing each other.
export async function inCall(...people) {
  await Promise.all(people.map((person) => person.is('call')));
  await Promise.all(people.flatMap((person) => [person.sees(), person.hears()]));
}
