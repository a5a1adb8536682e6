// Tests binaries on the processors they are for, measures them, and holds the figures to their budgets:
//
//   ../network/private node main.mjs TARGET=BINARY...
//
// The tests are those of this folder, and all of the room server's in ../conformance: clients over
// polling, WebSocket and upgrade, whole rooms, the bare wire, HTTPS with TLS 1.2 and 1.3. They are told of
// a binary (PARLOR_BIN) that starts the real one by emulation. Exit code 1: a test failed, or a figure is
// over its budget.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { launcher } from './emulation.mjs';
import { PROCESSORS } from './processors.mjs';

const TEST_MS = 120_000;

/** The tests in a folder; those of the library are of other binaries. */
function testsIn(folder) {
  const path = fileURLToPath(new URL(folder, import.meta.url));
  const ours = readdirSync(path).filter((name) => name.endsWith('.test.mjs') && !name.startsWith('library-'));
  return ours.map((name) => join(path, name));
}

const FILES = [...testsIn('.'), ...testsIn('../conformance')];

/** Runs all tests against the binary in the environment; how many passed and failed. */
async function test() {
  const counts = { pass: 0, fail: 0 };
  const events = run({ files: FILES, concurrency: 2, timeout: TEST_MS });
  for (const how of Object.keys(counts)) {
    events.on(`test:${how}`, ({ details, name }) => (counts[how] += isTest(details, name)));
  }
  const shown = events.compose(new spec());
  for await (const text of shown) process.stdout.write(text);
  return counts;
}

// Suites, and files as such, are told like tests.
const isTest = ({ type }, name) => type !== 'suite' && !FILES.includes(name);

async function judge(target, binary) {
  const processor = PROCESSORS[target];
  const emulated = launcher(processor, processor.cpu, binary);
  const state = mkdtempSync(join(tmpdir(), 'parlor-arm-state-'));
  try {
    Object.assign(process.env, {
      PARLOR_ARM_TARGET: target, PARLOR_ARM_BINARY: binary, PARLOR_BIN: emulated.file, PARLOR_CONFORMANCE: 'parlor',
    });
    console.log(`${target}, by ${processor.emulator} -cpu ${processor.cpu}`);
    const tests = await test();
    const { figures } = await import('./figures.mjs'); // it takes the binary from the environment
    return { target, processor, tests, ...await figures(binary, state) };
  } finally {
    emulated.remove();
    rmSync(state, { recursive: true });
  }
}

function table(rows) {
  const lines = [['target', 'boards', 'size', 'resident', 'start, emulated', 'tests passed']];
  for (const { target, processor, tests, size, resident, start } of rows) {
    const of = (bytes, limit) => `${(bytes / 1e6).toFixed(2)} of ${(limit / 1e6).toFixed(2)} MB`;
    const { budget } = processor;
    const passed = `${tests.pass} of ${tests.pass + tests.fail}`;
    lines.push([target, processor.boards, of(size, budget.size), of(resident, budget.resident), `${start.toFixed(0)} ms`, passed]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}

const rows = [];
for (const argument of process.argv.slice(2)) {
  const [target, binary] = argument.split('=');
  rows.push(await judge(target, binary));
}
console.log(`\n${table(rows)}\n`);
const complaints = rows.flatMap(({ target, processor, tests, ...got }) => [
  ...tests.fail || !tests.pass ? [`${target}: ${tests.fail} tests failed, ${tests.pass} passed`] : [],
  ...Object.entries(processor.budget).filter(([what, limit]) => got[what] > limit)
    .map(([what, limit]) => `${target}: ${what} is ${got[what]} bytes, and may be ${limit}`),
]);
for (const complaint of complaints) console.error(`error: ${complaint}`);
process.exitCode = complaints.length || !rows.length ? 1 : 0;
