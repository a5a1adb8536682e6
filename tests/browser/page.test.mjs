// The page itself: the lobby, the address, keys, focus, the small comforts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inCall, newRoom, openHouse, PHONE } from './harness.mjs';

const house = openHouse();

const focused = (person) => person.page.evaluate(() => document.activeElement.id);

test('the lobby names the device and asks for nothing before Join', async (t) => {
  const ana = await house.enter(t);
  const { name } = await (await fetch(`${house.parlor.url}/config.json`)).json();
  await ana.says('#device-name', name ? `on ${name}` : '');
  assert.equal(await ana.page.title(), name ? `Parlor on ${name}` : 'Parlor');
  assert.equal(await ana.text('#room-hint'), 'Anyone who types the same name joins you.');
  assert.equal(await focused(ana), 'roomName');
  assert.ok(await ana.page.isHidden('#chat-control-panel'));
});

test('an empty name gets a message beside the input, and no alert', async (t) => {
  const ana = await house.enter(t);
  ana.page.on('dialog', (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
  await ana.join('   ');
  await ana.says('#room-problem', 'Type a name for the room first.');
  assert.equal(await focused(ana), 'roomName');
  assert.equal(await ana.page.getAttribute('#roomName', 'aria-invalid'), 'true');
  await ana.page.keyboard.type('x');
  await ana.says('#room-problem', '');
});

test('a name is measured in bytes, 64 of them', async (t) => {
  const ana = await house.enter(t);
  await ana.join('é'.repeat(33));
  await ana.says('#room-problem', 'That name is too long. Try a shorter one.');
  await ana.join('é'.repeat(32));
  await ana.is('waiting');
});

test('Enter joins, with the name as typed; Escape leaves', async (t) => {
  const ana = await house.enter(t);
  await ana.page.fill('#roomName', '  Living Room  ');
  await ana.page.press('#roomName', 'Enter');
  await ana.is('waiting');
  assert.equal(await ana.text('#room-title'), 'Living Room');
  assert.equal(await ana.page.evaluate('location.hash'), '#Living%20Room');
  assert.equal(await focused(ana), 'video-chat-room');
  await ana.page.keyboard.press('Escape');
  await ana.is('lobby');
  assert.equal(await focused(ana), 'join-button');
});

test('keys typed into the input are letters, not commands', async (t) => {
  const ana = await house.enter(t);
  await ana.page.focus('#roomName');
  await ana.page.keyboard.type('movie');
  assert.equal(await ana.page.inputValue('#roomName'), 'movie');
});

test('a link with a room is an invitation: the name is there, Join has the focus', async (t) => {
  const room = `café & ${newRoom()} 100%`;
  const ana = await house.enter(t), ben = await house.enter(t, { path: `/#${encodeURIComponent(room)}`, viewport: PHONE });
  await ana.join(room);
  await ana.is('waiting');
  assert.equal(await ana.page.inputValue('#invite-link'), `${house.parlor.url}/#${encodeURIComponent(room)}`);
  assert.equal(await ben.page.inputValue('#roomName'), room);
  assert.equal(await focused(ben), 'join-button');
  await ben.page.keyboard.press('Enter');
  await inCall(ana, ben);
});

test('an address somebody typed by hand does no harm', async (t) => {
  const ana = await house.enter(t, { path: '/#50%' });
  assert.equal(await ana.page.inputValue('#roomName'), '50%');
});

test('Back leaves the call, and the other person sees it; leaving and joining again adds no history', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  const length = await ben.page.evaluate('history.length');
  await ben.leave();
  await ben.is('lobby');
  assert.equal(await ben.page.evaluate('location.hash'), '');
  await ben.page.click('#join-button');
  await inCall(ana, ben);
  assert.equal(await ben.page.evaluate('history.length'), length);
  await ben.page.goBack();
  await ben.is('lobby');
  await ana.is('waiting');
  await ben.page.goForward(); // an invitation again
  assert.equal(await ben.page.inputValue('#roomName'), room);
  await ben.is('lobby');
});

test('another room typed into the address during a call leaves the first one', async (t) => {
  const ana = await house.enter(t);
  await ana.join(newRoom());
  await ana.is('waiting');
  await ana.page.evaluate(() => { location.hash = '#elsewhere'; });
  await ana.is('lobby');
  assert.equal(await ana.page.inputValue('#roomName'), 'elsewhere');
});

test('a reload in a room is an invitation to the same room', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ana.page.reload();
  await ana.is('lobby');
  assert.equal(await ana.page.inputValue('#roomName'), room);
  await ana.page.keyboard.press('Enter');
  await ana.is('waiting'); // the old seat was given back
});

test('the last rooms used here are one press away, newest first', async (t) => {
  const ana = await house.enter(t);
  for (const room of ['kitchen 1', 'kitchen 2', 'kitchen 1']) {
    await ana.join(room);
    await ana.is('waiting');
    await ana.page.keyboard.press('Escape');
    await ana.is('lobby');
  }
  await ana.page.reload();
  assert.deepEqual(await ana.page.locator('#recent-rooms button').allTextContents(), ['kitchen 1', 'kitchen 2']);
  await ana.page.click('#recent-rooms button >> nth=1');
  await ana.is('waiting');
  assert.equal(await ana.text('#room-title'), 'kitchen 2');
});

test('a browser that keeps nothing still works', async (t) => {
  const ana = await house.enter(t, { init: "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });" });
  await ana.page.click('.setting label');
  await ana.join(newRoom());
  await ana.is('waiting');
});

test('the chime can be switched off, and stays so', async (t) => {
  const ana = await house.enter(t);
  assert.equal(await ana.page.isChecked('#chime-switch'), true);
  await ana.page.click('.setting label');
  await ana.page.reload();
  assert.equal(await ana.page.isChecked('#chime-switch'), false);
});

test('controls fade in a call, come back on input, and stay while the keyboard is on them', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { init: 'window.realTimeout = setTimeout;' }), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  await ana.page.mouse.move(200, 300);
  const opacity = () => ana.page.$eval('#chat-control-panel', (panel) => getComputedStyle(panel).opacity);
  await ana.until(() => getComputedStyle(document.querySelector('#chat-control-panel')).opacity === '0');
  await ana.page.keyboard.press('Tab');
  await ana.until(() => getComputedStyle(document.querySelector('#chat-control-panel')).opacity === '1');
  while (await focused(ana) !== 'mute-button') await ana.page.keyboard.press('Tab');
  await ana.page.clock.install(); // from here, time is given
  await ana.page.keyboard.press('Shift');
  await ana.page.clock.runFor(10_000);
  assert.equal(await opacity(), '1');
});

test('the own picture can be moved to another corner', async (t) => {
  const room = newRoom();
  const ana = await house.enter(t, { viewport: PHONE }), ben = await house.enter(t);
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  const box = await ana.page.locator('#own-picture').boundingBox();
  assert.ok(box.x > 200 && Math.abs(box.width / 390 - 0.28) < 0.01, '28 % wide, at the right');
  await ana.page.mouse.move(box.x + 30, box.y + 30);
  await ana.page.mouse.down();
  await ana.page.mouse.move(100, 400, { steps: 4 });
  await ana.page.mouse.move(60, 700, { steps: 4 });
  await ana.page.mouse.up();
  await ana.until(() => { // settled, clear of the buttons
    const { left, bottom } = document.querySelector('#own-picture').getBoundingClientRect();
    return left === 16 && bottom > 650 && bottom <= document.querySelector('#chat-control-panel').getBoundingClientRect().top;
  });
});

test('every button has a name, and the video boxes keep their place', async (t) => {
  const ana = await house.enter(t);
  await ana.join(newRoom());
  await ana.is('waiting');
  for (const name of ['Mute', 'Hide camera', 'Leave', 'Invite']) {
    assert.equal(await ana.page.getByRole('button', { name, exact: true }).count(), 1, name);
  }
  const sizes = await ana.page.$$eval('.round', (buttons) => buttons.map((button) => button.getBoundingClientRect().width));
  assert.deepEqual(sizes, [56, 56, 56]);
});
