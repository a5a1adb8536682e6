// The units as systemd-analyze judges them, without a systemd that runs.
//
//   PARLOR_BIN   the server that they start (default: ../../target/release/parlor)

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PARLOR, UNITS, unit } from './units.mjs';

let directory;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'parlor-units-'));
  for (const name of UNITS) cpSync(unit(name), join(directory, name));
  const service = join(directory, 'parlor.service');
  const text = readFileSync(service, 'utf8');
  assert.match(text, /^ExecStart=\/usr\/bin\/parlor$/m);
  // Where the package would put it there need be none on this machine.
  writeFileSync(service, text.replace(/^(ExecStart=).*$/m, `$1${PARLOR}`));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function analyze(...words) {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', words, { cwd: directory, encoding: 'utf8' });
  assert.equal(error, undefined, 'apt-get install systemd');
  return { status, output: stdout + stderr };
}

test('systemd finds nothing to say about the units', () => {
  // Whether the manual is installed is not the units' affair.
  const { status, output } = analyze('verify', '--man=no', ...UNITS.map((name) => `./${name}`));
  assert.equal(output, '');
  assert.equal(status, 0);
});

test('it does find what is wrong with a unit', () => {
  writeFileSync(join(directory, 'wrong.service'), '[Service]\nType=notify\nExecStart=/bin/true\nMemoryMx=64M\n');
  assert.match(analyze('verify', '--man=no', './wrong.service').output, /MemoryMx/);
});

test('the service is exposed to no more than 1.5 of 10', () => {
  const { status, output } = analyze('security', '--offline=true', '--threshold=15', '--no-pager', './parlor.service');
  const exposure = /exposure level for parlor\.service: ([\d.]+)/.exec(output)?.[1];
  assert.ok(Number(exposure) <= 1.5, output);
  assert.equal(status, 0, output);
});
