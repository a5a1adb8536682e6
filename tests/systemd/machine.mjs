// A machine on which systemd runs as the first process: a Debian in a container (systemd-nspawn(1)) with a
// network of its own. Nothing that happens there stays: what it writes lies in memory, over a root
// directory that is only read.
//
//   PARLOR_ROOT   that directory, as `debian_root` of scripts/lib.sh makes it
//   PARLOR_BIN    the server, which is /usr/bin/parlor there

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { PARLOR, UNITS, unit } from './units.mjs';

const ROOT = process.env.PARLOR_ROOT;

/** Its address in the network of its own. */
export const ADDRESS = '192.168.77.20';

/** How long something may take that is sure to come. */
const PATIENCE = 60_000; // ms

export class Machine {
  #container;
  #init;

  /** Starts one, and waits until it is up. */
  static async start() {
    assert.ok(ROOT && existsSync(ROOT), 'there is no root directory: scripts/systemd-boot makes one');
    assert.ok(existsSync(PARLOR), `no server at ${PARLOR}: cargo build --release, or set PARLOR_BIN`);
    const machine = new Machine();
    const own = UNITS.map((name) => `--bind-ro=${unit(name)}:/etc/systemd/system/${name}`);
    machine.#container = spawn('systemd-nspawn', [
      '--quiet', `--directory=${ROOT}`, '--boot', '--volatile=overlay', '--machine=parlor', '--register=no', '--keep-unit',
      '--private-network', '--console=pipe', `--bind-ro=${PARLOR}:/usr/bin/parlor`, ...own,
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    machine.console = '';
    for (const stream of [machine.#container.stdout, machine.#container.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { machine.console += text; });
    }
    machine.#container.on('exit', (code) => { machine.code = code ?? -1; });
    machine.#init = await machine.until('the first process is systemd', () => {
      assert.equal(machine.code, undefined, `it ended: ${machine.console}`);
      return machine.#findInit();
    });
    await machine.until('it is up', () => {
      const { stdout } = machine.try('systemctl is-system-running');
      return /running|degraded/.test(stdout);
    });
    machine.run(`ip link set lo up
      ip link add lan0 type veth peer name lan1
      ip address add ${ADDRESS}/24 dev lan0
      ip link set lan0 up
      ip link set lan1 up
      mkdir -p /etc/parlor`);
    return machine;
  }

  /** The container's systemd, by its id here: the child of the program that made it. */
  #findInit() {
    const { pid } = this.#container;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const name = (child) => {
      try {
        return readFileSync(`/proc/${child}/comm`, 'utf8');
      } catch {
        return ''; // It has ended meanwhile.
      }
    };
    return children.find((child) => name(child) === 'systemd\n');
  }

  /** Runs a shell script there; what came of it. */
  try(script, { input } = {}) {
    const words = [`--target=${this.#init}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    return spawnSync('nsenter', [...words, '/bin/bash', '-c', script], {
      input: input ?? '', encoding: 'utf8', timeout: PATIENCE, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    });
  }

  /** The same for one that must succeed; its output. */
  run(script, options) {
    const { status, stdout, stderr, error } = this.try(script, options);
    assert.equal(status, 0, `${script}\n${stdout}${stderr}${error ?? ''}\n${status === 0 ? '' : this.log()}`);
    return stdout.trim();
  }

  /** Starts one in the background; a promise of its output. */
  begin(script) {
    const words = [`--target=${this.#init}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    const child = spawn('nsenter', [...words, '/bin/bash', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
    return new Promise((resolve) => { child.on('close', () => resolve(output.trim())); });
  }

  /** Asks again and again until there is an answer that counts. */
  async until(what, ask) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const answer = ask();
      if (answer) return answer;
      if (Date.now() >= end) assert.fail(`${what}: not within ${PATIENCE} ms\n${this.console}\n${this.#init ? this.log() : ''}`);
      // Others have their turn before it is asked again.
      await new Promise(setImmediate);
    }
  }

  /** Properties of a unit as systemd shows them. */
  show(name, ...properties) {
    const lines = this.run(`systemctl show ${name} -p ${properties.join(',')}`).split('\n');
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  }

  /** Records of the service in the journal, oldest first. */
  records(...words) {
    const lines = this.run(`journalctl -u parlor.service -o json --no-pager ${words.join(' ')}`).split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** The end of the journal, for who looks into what went wrong. */
  log() {
    return this.try('journalctl --no-pager -n 60').stdout;
  }

  /** Writes a file there. */
  write(path, text) {
    this.run(`mkdir -p "$(dirname ${path})" && cat >${path}`, { input: text });
  }

  /** Changes the service by a drop-in. */
  change(lines) {
    this.write('/etc/systemd/system/parlor.service.d/test.conf', `[Service]\n${lines}\n`);
    this.run('systemctl daemon-reload');
  }

  /** Shuts it down and waits for its end. */
  async stop() {
    this.try('systemctl exit 7');
    await this.until('it has ended', () => this.code !== undefined);
    return this.code;
  }
}
