// Little memory, and many who want some of it: ten thousand handshakes that lead to nothing, and as many
// clients over TLS as a service is sized for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../network/network.mjs';
import { bodies } from '../soak/bodies.mjs';
import { Call } from './call.mjs';
import { handshakes } from './hostile/handshakes.mjs';
import { ONE_ADDRESS, startParlor } from './parlor.mjs';
import { ask, once } from './raw.mjs';

const COUNT = 10_000, AT_ONCE = 1000;
const LIMIT = 64 * 2 ** 20; // bytes, for the process's data (RLIMIT_DATA) and for what is resident

test('ten thousand hostile handshakes under a limit of 64 MB end no call and leave nothing', async (t) => {
  const server = await startParlor(ONE_ADDRESS, { before: ['prlimit', `--data=${LIMIT}`] });
  t.after(() => server.stop());
  const files = server.files();
  const call = await Call.begin(server);
  const crowd = await handshakes(server.port, COUNT, AT_ONCE);
  const peak = server.peak();
  crowd.close();
  await eventually('they are let go of', () => server.files() <= files + 2);
  t.diagnostic(`${(peak / 2 ** 20).toFixed(1)} MB at its peak, ${(server.resident() / 2 ** 20).toFixed(1)} MB after it`);
  assert.ok(peak < LIMIT, `${peak} bytes at its peak`);
  const relayed = await call.end();
  assert.ok(relayed.every((count) => count > 20), `${relayed} candidates`);
  assert.equal((await ask(server.port, once('GET', '/healthz'))).status, 200);
});

test('5000 clients over TLS and 64 slow bodies fit into the memory that the service may have', async (t) => {
  for (const { what, value, failed } of await bodies()) {
    t.diagnostic(`${what}: ${value}`);
    assert.ok(!failed, `${what}: ${value}`);
  }
});
