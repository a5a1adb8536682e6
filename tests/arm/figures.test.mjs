// What a binary takes, held to its budget: its size, and started by emulation what is resident. How long a
// start took is told beside it, and held to nothing: it is qemu's time more than a board's, which does not
// translate each instruction first. `main.mjs` reads the figures that are told here.
//
// It runs as it would on a board: with HTTPS, a name, and a certificate that is there already. What is
// resident is read when it is ready, and again after it has served its page over HTTPS. Four fifths of it
// are the program's file, of which the kernel maps what lies around each page that is used.

import assert from 'node:assert/strict';
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Network } from '../network/network.mjs';
import { curl, startParlor } from '../network/programs.mjs';
import { resident } from './emulation.mjs';
import { PROCESSORS } from './processors.mjs';

const STARTS = 5;
const { budget } = PROCESSORS[process.env.PARLOR_ARM_TARGET];

let net;
before(async () => {
  net = await Network.make();
});
after(() => net?.close());

function hold(t, what, bytes) {
  t.diagnostic(`${what}: ${bytes} bytes`);
  assert.ok(bytes <= budget[what], `${what} is ${bytes} bytes, and may be ${budget[what]}`);
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

test('its size is within its budget', (t) => {
  hold(t, 'size', statSync(process.env.PARLOR_ARM_BINARY).size);
});

test('what is resident is within its budget', async (t) => {
  const board = await net.host('arm-board');
  const home = mkdtempSync(join(net.directory, 'home-'));
  const start = async () => {
    const began = performance.now();
    const parlor = await startParlor(board, { home });
    const start = performance.now() - began;
    const ready = resident(parlor.child.pid);
    await curl(board, `https://${board.address}:4000/`, ['--insecure', '--output', '/dev/null']);
    const served = resident(parlor.child.pid);
    await parlor.stop();
    return { start, ready, served };
  };
  await start(); // makes the certificate
  const starts = [];
  for (let number = 0; number < STARTS; number += 1) starts.push(await start());
  const usual = (what) => median(starts.map((figures) => figures[what]));
  t.diagnostic(`start: ${usual('start').toFixed(0)} ms`);
  hold(t, 'ready', usual('ready'));
  hold(t, 'served', usual('served'));
});
