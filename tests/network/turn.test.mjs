// A call on a Wi-Fi that keeps its devices apart: through a TURN server, and in no other way.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { enter, inCall, newRoom } from '../browser/harness.mjs';
import { newHome, startChromium, trust } from './browsers.mjs';
import { Network } from './network.mjs';
import { fetchAuthority, PORT, settings, startParlor, startTurn } from './programs.mjs';

const SECRET = 'a secret of two servers';

const DAY = 24 * 60 * 60; // s

// The connections stay within reach of the test. `policy` is whether others than relays are tried.
const connections = (policy) => `
  window.peerConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(settings) {
      super({ ...settings, iceTransportPolicy: '${policy}' });
      window.peerConnections.push(this);
    }
  };`;

let net, kitchen, authority, url;
const browsers = [];
before(async () => {
  net = await Network.make();
  kitchen = await net.host('kitchen-pi');
  const phones = [await net.host('phone'), await net.host('tablet')];
  await net.isolate(...phones);
  await startTurn(kitchen, SECRET);
  const secretFile = join(net.directory, 'turn-secret');
  writeFileSync(secretFile, `${SECRET}\n`);
  await startParlor(kitchen, { args: ['--turn-url', `turn:${kitchen.address}:3478`, '--turn-secret-file', secretFile] });
  authority = await fetchAuthority(phones[0], kitchen);
  url = `https://${kitchen.address}:${PORT}`;
  for (const phone of phones) {
    const home = newHome(phone);
    await trust(phone, home, authority.der, 'chromium');
    browsers.push(await startChromium(phone, { home }));
  }
});
after(async () => {
  for (const browser of browsers) await browser.close();
  await net?.close();
});

test('the page gets credentials for a day, made from the secret', async () => {
  const now = Date.now() / 1000;
  const [server] = (await settings(kitchen, url, authority)).iceServers;
  assert.deepEqual([server.urls].flat(), [`turn:${kitchen.address}:3478`]);
  const ends = Number.parseInt(server.username, 10);
  assert.ok(Math.abs(ends - now - DAY) < 60, server.username);
  assert.equal(server.credential, createHmac('sha1', SECRET).update(server.username).digest('base64'));
});

for (const [policy, title] of [
  ['relay', 'a call in which nothing but the relay is tried goes through TURN'],
  ['all', 'two people whose devices cannot reach each other find TURN by themselves'],
]) {
  test(title, async (t) => {
    const room = newRoom();
    const [ana, ben] = await Promise.all(browsers.map((browser) => enter(t, browser, url, { init: connections(policy) })));
    await ana.join(room);
    await ana.is('waiting');
    await ben.join(room);
    await inCall(ana, ben);
    const pairs = await Promise.all([ana, ben].map((one) => one.page.evaluate(selectedPair)));
    if (policy === 'relay') assert.deepEqual(pairs.flat(), ['relay', 'relay', 'relay', 'relay']);
    for (const pair of pairs) assert.ok(pair.includes('relay'), `${pair}`);
  });
}

// The kinds of the two ends between which the media goes; runs in the page.
async function selectedPair() {
  const stats = await window.peerConnections[0].getStats();
  const transport = [...stats.values()].find((entry) => entry.type === 'transport');
  const { localCandidateId, remoteCandidateId } = stats.get(transport.selectedCandidatePairId);
  return [localCandidateId, remoteCandidateId].map((id) => stats.get(id).candidateType);
}
