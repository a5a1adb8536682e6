// The invitation: its code, its link, its ways out, and which address it names.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import jsQR from 'jsqr';
import { inCall, newRoom, openHouse, PHONE } from './harness.mjs';
import { insecurePage, toldByServer } from './scripts.mjs';

const house = openHouse();
const LAN = 'https://192.168.1.20:4000';

const focused = (person) => person.page.evaluate(() => document.activeElement.id);
const isOpen = (person) => person.until(() => document.querySelector('#invite-sheet').open);
const isClosed = (person) => person.until(() => !document.querySelector('#invite-sheet').open);
const link = (person) => person.page.inputValue('#invite-link');

async function invited(t, options) {
  const ana = await house.enter(t, options), room = newRoom();
  await ana.join(room);
  await ana.is('waiting');
  await ana.page.click('#invite-button');
  await isOpen(ana);
  return { ana, room, hash: `#${encodeURIComponent(room)}` };
}

// What a reader makes of the code, at the size in which it is seen.
async function read(person) {
  await person.until(() => document.querySelector('#invite-code').naturalWidth);
  const { width, lights } = await person.page.evaluate(() => {
    const code = document.querySelector('#invite-code'), width = Math.round(code.getBoundingClientRect().width);
    const canvas = Object.assign(document.createElement('canvas'), { width, height: width });
    const pen = canvas.getContext('2d');
    pen.drawImage(code, 0, 0, width, width);
    const { data } = pen.getImageData(0, 0, width, width);
    let lights = '';
    for (let at = 0; at < data.length; at += 4) lights += data[at] > 127 ? 1 : 0;
    return { width, lights };
  });
  const pixels = Uint8ClampedArray.from([...lights].flatMap((light) => [255 * light, 255 * light, 255 * light, 255]));
  return jsQR(pixels, width, width)?.data;
}

test('the code is the link, and the link leads into the room', async (t) => {
  const { ana, room, hash } = await invited(t, { viewport: PHONE });
  assert.equal(await link(ana), `${house.parlor.url}/${hash}`);
  assert.equal(await read(ana), await link(ana));
  const { pathname, hash: fragment } = new URL(await read(ana));
  const ben = await house.enter(t, { path: pathname + fragment });
  assert.equal(await ben.page.inputValue('#roomName'), room);
});

test('the longest name still has a code', async (t) => {
  const ana = await house.enter(t, { viewport: PHONE });
  await ana.join('é'.repeat(32));
  await ana.is('waiting');
  await ana.page.click('#invite-button');
  assert.equal(await read(ana), `${house.parlor.url}/#${'%C3%A9'.repeat(32)}`);
});

test('Copy link copies it and says so, in the sheet', async (t) => {
  const { ana } = await invited(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  assert.equal(await focused(ana), 'copy-button');
  await ana.page.keyboard.press('Enter');
  await ana.says('#copy-button', 'Link copied');
  await ana.says('#invite-said', 'Link copied.');
  assert.equal(await ana.page.evaluate(() => navigator.clipboard.readText()), await link(ana));
});

test('without a clipboard the link is selected, to copy by hand', async (t) => {
  const { ana } = await invited(t, { init: "Object.defineProperty(navigator, 'clipboard', { value: undefined });" });
  await ana.page.click('#copy-button');
  await ana.says('#invite-said', 'The link is selected: copy it from there.');
  assert.equal(await ana.page.evaluate(() => getSelection().toString()), await link(ana));
});

test("Share is there where the system has a sheet for it, and gives it the link", async (t) => {
  const { ana } = await invited(t, { init: 'navigator.share = async (what) => { window.shared = what; };' });
  await ana.page.click('#share-button');
  assert.deepEqual(await ana.page.evaluate('shared'), { title: 'Parlor', url: await link(ana) });
  const { ana: ben } = await invited(t, { init: 'delete Navigator.prototype.share;' });
  assert.ok(await ben.page.isHidden('#share-button'));
});

test('Escape, Close and the backdrop close it, nobody leaves the room, and Invite has the focus again', async (t) => {
  const { ana } = await invited(t);
  for (const close of [
    () => ana.page.keyboard.press('Escape'),
    () => ana.page.click('#invite-close'),
    () => ana.page.mouse.click(5, 5),
  ]) {
    await close();
    await isClosed(ana);
    assert.equal(await ana.page.evaluate('document.body.dataset.phase'), 'waiting');
    assert.equal(await focused(ana), 'invite-button');
    await ana.page.keyboard.press('Enter');
    await isOpen(ana);
  }
  await ana.page.keyboard.press('m'); // a key of the sheet's now, not of the room's
  assert.deepEqual(await ana.sends(), { audio: true, video: true });
});

test('it has a name and says what to do', async (t) => {
  const { ana, room } = await invited(t);
  assert.equal(await ana.page.getByRole('dialog', { name: `Invite to ${room}` }).count(), 1);
  assert.equal(await ana.page.getByRole('img', { name: 'QR code of the link' }).count(), 1);
});

test('whoever joins closes it, and it stays closed when they leave', async (t) => {
  const { ana, room } = await invited(t);
  const ben = await house.enter(t);
  await ben.join(room);
  await inCall(ana, ben);
  await isClosed(ana);
  assert.equal(await focused(ana), 'video-chat-room');
  await ben.leave();
  await ana.is('waiting');
  await isClosed(ana);
});

test('a page opened as this machine invites to the address in the home network', async (t) => {
  const { ana, hash } = await invited(t, { init: toldByServer({ addresses: [LAN, 'https://[fd00::20]:4000'] }) });
  assert.equal(await link(ana), `${LAN}/${hash}`);
  assert.equal(await read(ana), `${LAN}/${hash}`);
});

test('where no other device can come, it says that', async (t) => {
  const { ana } = await invited(t);
  await ana.says('#invite-hint', 'Parlor is not open to other devices now: this link works on this one only.');
});

test('the address of the page is given to others unless they may not have it', async () => {
  const source = await readFile(new URL('../../static/rooms.js', import.meta.url), 'utf8');
  const told = { addresses: [LAN], secureAddress: 'https://192.168.1.21:4000' };
  const linkAt = async (address, known = told) => {
    // the module as it is at that address
    const place = `const location = new URL('${address}'), window = { isSecureContext: ${address.startsWith('https')} };\n`;
    return (await import(`data:text/javascript,${encodeURIComponent(place + source)}`)).linkTo('a b', known);
  };
  for (const [address, wanted] of [
    ['https://parlor.local:4000/', LAN],
    ['https://kitchen-pi:4000/?x=1', LAN],
    ['http://localhost:4000/', LAN],
    ['http://127.0.0.1:4000/', LAN],
    ['http://[::1]:4000/', LAN],
    ['https://rooms.example/', 'https://rooms.example'],
    ['https://192.168.1.21:4000/', 'https://192.168.1.21:4000'],
    ['https://[fd00::20]:4000/', 'https://[fd00::20]:4000'],
    ['http://192.168.1.21:4000/?watch', 'https://192.168.1.21:4000'],
  ]) {
    assert.equal(await linkAt(address), `${wanted}/#a%20b`, address);
  }
  assert.equal(await linkAt('https://rooms.example/chat/'), 'https://rooms.example/chat/#a%20b');
  const behindProxy = { addresses: ['http://192.168.1.20:4000'] };
  assert.equal(await linkAt('https://parlor.local/', behindProxy), 'https://parlor.local/#a%20b');
  assert.equal(await linkAt('http://localhost:4000/', behindProxy), 'http://192.168.1.20:4000/#a%20b');
  assert.equal(await linkAt('https://parlor.local:4000/', {}), 'https://parlor.local:4000/#a%20b');
});

test('from an address without camera others are invited to the one that has it', async (t) => {
  const told = toldByServer({ secureAddress: 'https://192.168.1.20:4000', addresses: [LAN] });
  const { ana, hash } = await invited(t, { init: [insecurePage(), told] });
  assert.equal(await link(ana), `${LAN}/${hash}`);
});
