// Tests binaries on the processors they are for, and prints a table of what they take:
//
//   ../network/private node main.mjs TARGET=BINARY...
//
// The tests are those of this folder, and all of the room server's in ../conformance: clients over
// polling, WebSocket and upgrade, whole rooms, the bare wire, HTTPS with TLS 1.2 and 1.3. They are told of
// a binary (PARLOR_BIN) that starts the real one by emulation. Exit code 1: a test failed, which those of
// the figures do when one is over its budget.

import { readdirSync } from 'node:fs';
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

const FIGURES = 'figures.test.mjs';
const FILES = [...testsIn('.'), ...testsIn('../conformance')];
/** Figures are read when nothing else runs. */
const TURNS = [FILES.filter((file) => !file.endsWith(FIGURES)), FILES.filter((file) => file.endsWith(FIGURES))];

/** Runs these tests against the binary in the environment; adds what came of it to `row`. */
async function test(files, row) {
  const events = run({ files, concurrency: 2, timeout: TEST_MS });
  for (const how of ['pass', 'fail']) {
    events.on(`test:${how}`, ({ details, name }) => {
      // Suites, and files as such, are told like tests.
      if (details.type !== 'suite' && !FILES.includes(name)) row[how] += 1;
    });
  }
  events.on('test:diagnostic', ({ message }) => {
    const [, what, value] = /^(size|ready|served|start): (\d+) /.exec(message) ?? [];
    if (what) row[what] = Number(value);
  });
  // Totals are told as `# pass 12`, as those of the other suites are.
  for await (const text of events.compose(new spec())) process.stdout.write(`${text}`.replace(/^ℹ /gm, '# '));
}

async function judge(target, binary) {
  const processor = PROCESSORS[target];
  const emulated = launcher(processor, processor.cpu, binary);
  Object.assign(process.env, {
    PARLOR_ARM_TARGET: target, PARLOR_ARM_BINARY: binary, PARLOR_BIN: emulated.file, PARLOR_CONFORMANCE: 'parlor',
  });
  console.log(`${target}, by ${processor.emulator} -cpu ${processor.cpu}`);
  const row = { target, processor, pass: 0, fail: 0 };
  try {
    for (const files of TURNS) await test(files, row);
  } finally {
    emulated.remove();
  }
  return row;
}

function table(rows) {
  const lines = [['target', 'boards', 'size', 'resident', 'after its page', 'start, emulated', 'tests passed']];
  for (const { target, processor: { boards, budget }, pass, fail, start, ...got } of rows) {
    const held = Object.entries(budget).map(([what, limit]) => `${(got[what] / 1e6).toFixed(2)} of ${(limit / 1e6).toFixed(2)} MB`);
    lines.push([target, boards, ...held, `${start} ms`, `${pass} of ${pass + fail}`]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}

const rows = [];
for (const argument of process.argv.slice(2)) rows.push(await judge(...argument.split('=')));
console.log(`\n${table(rows)}\n`);
const bad = rows.filter(({ pass, fail }) => fail || !pass);
for (const { target, fail, pass } of bad) console.error(`error: ${target}: ${fail} tests failed, ${pass} passed`);
process.exitCode = bad.length || !rows.length ? 1 : 0;
