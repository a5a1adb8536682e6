// The file itself: for which processor it is, that it needs nothing of the system it comes to, and that
// the processor it is tested on has nothing that newer ones have.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Program } from '../network/network.mjs';
import { launcher } from './emulation.mjs';
import { PROCESSORS } from './processors.mjs';

const BINARY = process.env.PARLOR_ARM_BINARY;
const processor = PROCESSORS[process.env.PARLOR_ARM_TARGET];
const { machine, attributes, cpu, older } = processor;

const read = (...options) => execFileSync('readelf', ['--wide', ...options, BINARY], { encoding: 'utf8' });

test(`it is for ${machine}, ${Object.values(attributes).join(', ') || 'of any kind'}`, () => {
  assert.match(read('--file-header'), new RegExp(`^ *Machine: *${machine}$`, 'm'));
  const told = Object.fromEntries([...read('--arch-specific').matchAll(/^ *(Tag_\w+): (.*)$/gm)].map(([, name, value]) => [name, value]));
  const ours = Object.keys(attributes).map((name) => [name, told[name]]);
  assert.deepEqual(Object.fromEntries(ours), attributes);
});

test('it is static: no interpreter, no libraries, no version of glibc', () => {
  assert.doesNotMatch(read('--program-headers'), /INTERP/);
  assert.doesNotMatch(read('--dynamic'), /NEEDED/);
  assert.doesNotMatch(read('--string-dump=.rodata', '--version-info'), /GLIBC_\d/);
});

test('it is stripped: no symbols, nothing for debuggers', () => {
  assert.doesNotMatch(read('--sections'), /\.symtab|\.debug_/);
});

test('no page of it is written and run, and its tables are for reading only', () => {
  const headers = read('--program-headers');
  assert.doesNotMatch(headers, / RWE /);
  assert.match(headers, /GNU_RELRO/);
});

// What it needs to say its version is little; it must be enough to tell the processors apart.
for (const [name, how] of [[cpu, 0], ...older ? [[older, 'SIGILL']] : []]) {
  test(`on ${name} it ends with ${how}`, async (t) => {
    const { file, remove } = launcher(processor, name, BINARY);
    t.after(remove);
    const program = new Program(file, ['--version']);
    assert.equal(await program.ended, how, program.output);
  });
}
