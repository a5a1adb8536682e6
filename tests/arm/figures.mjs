// What a binary takes: its size, and started by emulation what is resident and how long it took.
//
// The time is qemu's more than the board's: it translates every instruction before it runs it first. It
// is told, and held to nothing.

import { statSync } from 'node:fs';
import { startParlor } from '../faults/parlor.mjs';
import { resident } from './emulation.mjs';

const STARTS = 5;

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

/** Starts it several times with a certificate that is there already, and asks it for the page each time. */
export async function figures(binary, state) {
  await (await startParlor([], { state })).stop();
  const times = [], sizes = [];
  for (let start = 0; start < STARTS; start += 1) {
    const began = performance.now();
    const server = await startParlor([], { state });
    times.push(performance.now() - began);
    await (await fetch(server.url)).text();
    sizes.push(resident(server.pid));
    await server.stop();
  }
  return { size: statSync(binary).size, resident: median(sizes), start: median(times) };
}
