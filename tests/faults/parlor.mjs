// The real binary under trouble: started with exact flags, looked at through /proc, ended by its id.
//
//   PARLOR_BIN   the server to start (default: ../../target/release/parlor)
//
// Each has a home of its own, which goes with it.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '../network/network.mjs';

export const PARLOR = process.env.PARLOR_BIN ?? fileURLToPath(new URL('../../target/release/parlor', import.meta.url));

/** All the load comes from one address here; these keep the limits for one address out of its way. */
export const ONE_ADDRESS = [
  '--max-connections-per-address=20000',
  '--max-handshake-rate=1000000',
];

/**
 * Starts a server on the loopback and waits until it is ready. `before` is a command that starts it
 * in turn, `state` a directory for it that stays, `listen` is for one that comes back.
 */
export async function startParlor(flags = [], { before = [], state, listen = '127.0.0.1:0' } = {}) {
  assert.ok(existsSync(PARLOR), `no server at ${PARLOR}: cargo build --release, or set PARLOR_BIN`);
  const home = mkdtempSync(join(tmpdir(), 'parlor-home-'));
  const where = [`--listen=${listen}`, `--state-dir=${state ?? join(home, 'state')}`];
  const [command, ...words] = [...before, PARLOR, '--no-mdns', ...where, ...flags];
  const program = new Program(command, words, { env: { PATH: process.env.PATH, HOME: home } });
  program.ended.then(() => rmSync(home, { recursive: true, force: true }));
  const [, port] = await program.says(/^Parlor is ready[^]*http:\/\/\S+:(\d+)\/$/m);
  return new Parlor(program, Number(port));
}

/** A server that runs. */
export class Parlor {
  constructor(program, port) {
    Object.assign(this, { program, port, url: `http://127.0.0.1:${port}`, pid: program.child.pid });
  }

  get log() {
    return this.program.output;
  }

  /** Bytes that are resident. `VmRSS` of its status would be up to half a megabyte off (proc(5)). */
  resident() {
    return this.#bytes('smaps_rollup', 'Rss');
  }

  /** The same at its peak. */
  peak() {
    return this.#bytes('status', 'VmHWM');
  }

  #bytes(file, name) {
    const text = readFileSync(`/proc/${this.pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)[1]) * 1024;
  }

  /** How many files it has open, sockets among them. */
  files() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Stops it as a service manager does; its exit code. */
  stop() {
    return this.program.stop();
  }
}
