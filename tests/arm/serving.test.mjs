// What a browser gets of it, and how it ends. The clients of Socket.IO and HTTPS with each version of TLS
// are the conformance tests' (main.mjs).

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { startParlor } from '../faults/parlor.mjs';

const STATIC = new URL('../../static/', import.meta.url);

let server;
before(async () => {
  server = await startParlor();
});
after(() => server.stop());

test('every file of the page comes as it was written', async () => {
  const names = readdirSync(STATIC).filter((name) => !name.startsWith('trust.h'));
  assert.ok(names.length > 20, names.join(' '));
  for (const name of names) {
    const answer = await fetch(`${server.url}/${name}`);
    assert.equal(answer.status, 200, name);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), readFileSync(new URL(name, STATIC)), name);
  }
});

test('the page is compressed for who takes that, and for nobody else', async () => {
  for (const [accepted, encoding] of [['gzip', 'gzip'], ['identity', null]]) {
    const answer = await fetch(`${server.url}/`, { headers: { 'Accept-Encoding': accepted } });
    assert.equal(answer.headers.get('content-encoding'), encoding);
    assert.equal(await answer.text(), readFileSync(new URL('index.html', STATIC), 'utf8'));
  }
});

test('the page is told its settings, and a probe that the server lives', async () => {
  const config = await (await fetch(`${server.url}/config.json`)).json();
  assert.deepEqual(config.iceServers, []);
  assert.equal(await (await fetch(`${server.url}/healthz`)).text(), 'ok\n');
});

test('its own certificate is for this machine, and its authority vouches for it', async () => {
  const der = Buffer.from(await (await fetch(`${server.url}/parlor-ca.crt`)).arrayBuffer());
  const authority = new X509Certificate(der);
  const served = await new Promise((resolve, reject) => {
    const ask = request({ host: '127.0.0.1', port: server.port, path: '/healthz', ca: authority.toString() }, (answer) => {
      resolve(new X509Certificate(answer.socket.getPeerCertificate(true).raw));
      answer.resume();
    });
    ask.on('error', reject).end();
  });
  assert.ok(authority.ca && authority.verify(authority.publicKey));
  assert.ok(served.verify(authority.publicKey) && served.checkIP('127.0.0.1') && served.checkHost('localhost'));
});

test('SIGTERM ends it with 0', async () => {
  assert.equal(await (await startParlor()).stop(), 0);
});
