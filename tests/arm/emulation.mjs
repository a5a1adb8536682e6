// One binary on its processor, in qemu's user mode: qemu runs its instructions and hands its system calls
// to this machine's kernel, so its sockets, files and signals are real.
//
// The address space of the program lies inside qemu's at a place that is told here, and nothing else lies
// there. So /proc/PID/smaps says how much of that is resident: the program's own code and data, its heap,
// its stacks. What qemu takes for itself, the translated code above all, is outside of it. On a board the
// same pages are resident; the page tables and what the kernel keeps for sockets count in neither.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BASE = 2n ** 33n, SPACE = 2n ** 32n;
const hex = (number) => `0x${number.toString(16)}`;

/** The words that start a program on a processor. */
export function words({ emulator }, cpu) {
  // 32 bits are reserved anyway, as a whole.
  const reserve = emulator === 'qemu-arm-static' ? [] : ['-R', hex(SPACE)];
  return [emulator, '-cpu', cpu, '-B', hex(BASE), ...reserve];
}

/** A file that starts a binary on a processor, for those who are told of a binary alone. */
export function launcher(processor, cpu, binary) {
  const folder = mkdtempSync(join(tmpdir(), 'parlor-arm-'));
  const file = join(folder, 'parlor');
  // Without a core file when it dies of an instruction that is not there. It stays one process.
  const script = ['#!/bin/sh', 'ulimit -c 0', `exec ${words(processor, cpu).join(' ')} '${binary}' "$@"`, ''];
  writeFileSync(file, script.join('\n'), { mode: 0o755 });
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

/** Bytes of the program's own that are resident, in a process that `words` has started. */
export function resident(pid) {
  let inside = false, bytes = 0, spaces = 0;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const [, from] = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line) ?? [];
    if (from) {
      const at = BigInt(`0x${from}`);
      inside = at >= BASE && at < BASE + SPACE;
      spaces += inside;
    }
    const [, amount] = /^Rss:\s*(\d+) kB$/.exec(line) ?? [];
    if (inside && amount) bytes += Number(amount) * 1024;
  }
  assert.ok(spaces > 3, 'the program lies where it was told to');
  return bytes;
}
