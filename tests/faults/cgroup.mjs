// A control group for one server: the memory that a service may have, in which the kernel counts what it
// keeps for sockets too (cgroups(7), version 2 and version 1 of its memory controller).

import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSIONS = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
];

/** A group of `limit` bytes, or null where none can be made: without root, or in a container. */
export function memoryGroup(limit) {
  for (const version of VERSIONS) {
    const folder = join(version.root, `parlor-test-${process.pid}-${Date.now()}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      accessSync(join(folder, version.peak), constants.R_OK);
      writeFileSync(join(folder, version.limit), `${limit}`);
      return {
        /** The command before one that is to run in it. */
        before: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs')],
        /** Bytes at the peak. */
        peak: () => Number(readFileSync(join(folder, version.peak), 'utf8')),
        /** To be called when nobody is in it any more. */
        remove: () => rmdirSync(folder),
      };
    } catch {
      rmdirSync(folder);
    }
  }
  return null;
}
