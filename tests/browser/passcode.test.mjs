// A server with a passcode: asked for once, kept as long as the tab, asked for again when it changes.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { enter, freePort, inCall, launch, newRoom, passcodeFile, PHONE, startParlor } from './harness.mjs';

const WRONG = 'That is not the passcode. Try again.';

const secret = passcodeFile('open sesame');
const servers = [];
let browser;
before(async () => (browser = await launch()));
after(async () => {
  await browser?.close();
  await Promise.all(servers.map((parlor) => parlor.stop()));
  rmSync(secret.folder, { recursive: true });
});

// A server of the test's own: what is guessed at one slows down nobody at another.
async function start(options = {}) {
  const parlor = await startParlor({ ...options, args: secret.args });
  servers.push(parlor);
  return parlor;
}

const asked = (person) => person.page.waitForSelector('#passcode-sheet[open]');
const passed = (person) => person.until(() => !document.querySelector('#passcode-sheet').open && document.body.dataset.link === 'up');
const focused = (person) => person.page.evaluate(() => document.activeElement.id);

async function type(person, passcode) {
  await asked(person);
  await person.page.fill('#passcode', passcode);
  await person.page.press('#passcode', 'Enter');
}

test('an invitation asks once, then Join is there, and a reload asks for nothing', async (t) => {
  const parlor = await start(), room = newRoom();
  const path = `/#${encodeURIComponent(room)}`;
  const ana = await enter(t, browser, parlor.url, { path }), ben = await enter(t, browser, parlor.url, { path, viewport: PHONE });
  for (const person of [ana, ben]) {
    await asked(person);
    assert.equal(await focused(person), 'passcode');
    await type(person, 'open sesame');
    await passed(person);
    assert.equal(await focused(person), 'join-button');
    await person.page.keyboard.press('Enter');
  }
  await inCall(ana, ben);
  await ben.page.reload();
  await passed(ben);
  await ben.page.click('#join-button');
  await inCall(ana, ben);
});

test('a wrong one is said to be wrong, and is not kept', async (t) => {
  const parlor = await start();
  const ana = await enter(t, browser, parlor.url);
  await type(ana, 'mustard');
  await ana.says('#passcode-problem', WRONG);
  assert.equal(await ana.page.getAttribute('#passcode', 'aria-invalid'), 'true');
  assert.equal(await focused(ana), 'passcode');
  await ana.page.reload();
  await asked(ana);
  assert.equal(await ana.text('#passcode-problem'), '');
  assert.equal(await ana.page.inputValue('#passcode'), '');
  await type(ana, 'open sesame');
  await passed(ana);
});

test('without it there is nothing else to do: Escape and an empty one change nothing', async (t) => {
  const parlor = await start();
  const ana = await enter(t, browser, parlor.url);
  await asked(ana);
  assert.ok(await ana.page.isHidden('#passcode-later'));
  for (const key of ['Escape', 'Escape', 'Enter']) {
    await ana.page.keyboard.press(key);
    await asked(ana);
  }
  assert.equal(await ana.text('#passcode-problem'), '');
  assert.ok(await ana.page.isHidden('#link-bar'));
});

test('a page that polls is asked as well', async (t) => {
  const parlor = await start();
  const ana = await enter(t, browser, parlor.url, { path: '/?transport=polling' });
  await type(ana, 'mustard');
  await ana.says('#passcode-problem', WRONG);
  await type(ana, 'open sesame');
  await passed(ana);
});

// Two people in a call, at a server that was started anew with another passcode, "mustard".
async function callThatOutlivesThePasscode(t) {
  const port = await freePort();
  const before = await start({ port }), room = newRoom();
  const people = [];
  for (let n = 0; n < 2; n += 1) {
    const person = await enter(t, browser, before.url, { tolerant: true });
    await type(person, 'open sesame');
    await passed(person);
    await person.join(room);
    people.push(person);
  }
  await inCall(...people);
  await before.stop();
  secret.write('mustard');
  t.after(() => secret.write('open sesame'));
  await start({ port });
  return { people, room };
}

const PUT_OFF = 'Parlor asks for its passcode: leave the room to type it. Your call goes on.';

test('the passcode changes during a call: the call goes on, and both are asked for the new one', async (t) => {
  const { people, room } = await callThatOutlivesThePasscode(t), [ana, ben] = people;
  for (const person of people) {
    await asked(person);
    await person.says('#passcode-hint', 'It is another one than before. Whoever runs this Parlor can tell you.');
  }
  await ana.page.click('#passcode-later');
  await ana.says('#link-bar', PUT_OFF);
  await inCall(ana, ben);
  await type(ben, 'mustard');
  await passed(ben);
  await inCall(ana, ben);
  await ana.leave();
  await type(ana, 'mustard');
  await passed(ana);
  await ana.join(room);
  await inCall(ana, ben);
});

test('it is put off for as long as the call goes on: when that ends, it is asked for again', async (t) => {
  const { people: [ana, ben], room } = await callThatOutlivesThePasscode(t);
  await asked(ana);
  await ana.page.click('#passcode-later');
  await ana.says('#link-bar', PUT_OFF);
  await type(ben, 'mustard');
  await passed(ben);
  await ben.leave();
  await type(ana, 'mustard');
  await passed(ana);
  await ben.join(room);
  await inCall(ana, ben);
});

// A page whose passcode is not looked at while `held`, for the test or for somebody who guesses at the
// same address; `refused` fires whenever it is told so.
function guessedBeside() {
  const later = '44{"message":"Too many wrong passcodes came from this address, try again later","data":{"code":"later"}}';
  const guesser = { held: false, refused: new EventEmitter() };
  guesser.prepare = (context) => context.routeWebSocket(/socket\.io/, (page) => {
    const server = page.connectToServer();
    page.onMessage((packet) => {
      if (!guesser.held || !packet.startsWith('40')) return server.send(packet);
      page.send(later);
      guesser.refused.emit('again');
    });
  });
  return guesser;
}

test('while somebody at the same address guesses, a page tries again by itself until it is in', async (t) => {
  const parlor = await start(), guesser = guessedBeside();
  const ana = await enter(t, browser, parlor.url, guesser);
  await asked(ana);
  guesser.held = true;
  await type(ana, 'open sesame');
  await ana.says('#passcode-problem', 'Too many wrong passcodes came from here. One moment, it is tried again by itself.');
  guesser.held = false;
  await passed(ana);
});

test('in a room that is a line that is lost and no more: nothing is asked, nothing is in the way of a call', async (t) => {
  const parlor = await start(), room = newRoom(), guesser = guessedBeside();
  const ana = await enter(t, browser, parlor.url, guesser), ben = await enter(t, browser, parlor.url);
  for (const person of [ana, ben]) {
    await type(person, 'open sesame');
    await passed(person);
    await person.join(room);
  }
  await inCall(ana, ben);
  await ana.page.evaluate(() => {
    window.asked = 0;
    const sheet = document.querySelector('#passcode-sheet');
    new MutationObserver(() => (window.asked += sheet.open)).observe(sheet, { attributeFilter: ['open'] });
  });
  guesser.held = true;
  await ana.page.evaluate(() => window.dispatchEvent(new Event('online'))); // the line is made anew
  await ana.barSays('Reconnecting to Parlor. Your call goes on.');
  for (let n = 0; n < 2; n += 1) await once(guesser.refused, 'again');
  await ana.barSays('Reconnecting to Parlor. Your call goes on.');
  await ana.page.keyboard.press('m');
  await ana.says('#mute-button .label', 'Unmute');
  guesser.held = false;
  await passed(ana);
  assert.equal(await ana.page.evaluate('asked'), 0);
  await inCall(ana, ben);
});
