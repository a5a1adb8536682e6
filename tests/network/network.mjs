// Networks of our own: several hosts on one machine, joined by a switch, without a way to anywhere.
//
// A host is a set of Linux namespaces (network, host name, mounts) with one wired interface, eth0;
// the switch is a bridge, each cable a pair of veth interfaces. There is no router, no DNS and no
// DHCP: addresses are 192.168.77.N and fd77::N, names are what mDNS makes of them. D-Bus and avahi,
// whose paths are fixed, run once in each host: their folders in /run are its own.
//
// It needs the namespaces that `private` makes around `npm test`, and is bounded by them: what a
// crash leaves behind ends with them.
//
// There are no sleeps: what a program says is waited for by reading it, and what can only be looked
// at is looked at again until it is so, or until patience ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const PATIENCE = 20_000; // ms for any one condition; a slow machine needs some, a good run none

const PREFIX4 = '192.168.77', PREFIX6 = 'fd77:';

// As Debian's libnss-mdns sets it up: names in .local from avahi, and nothing without it.
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n';

// What happens in a host before it can be used. It says `ready`, and then waits to be ended.
//
// No address is looked for elsewhere before it is used (duplicate address detection): nobody else is
// there, and an address that becomes usable a second later, as the link-local one would, is a change
// of the network, for which a browser drops what it is loading.
const HOST = `
  hostname "$1"
  mount --make-rprivate /
  for folder in /run/dbus /run/avahi-daemon; do
    mkdir -p "$folder"
    mount -t tmpfs tmpfs "$folder"
  done
  mount -t sysfs sysfs /sys
  mount --bind "$2" /etc/nsswitch.conf
  echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
  ip link set lo up
  echo ready
  exec sleep infinity`;

// --- Waiting --------------------------------------------------------------------------------------

// Looks until `look` gives something true, and gives that back.
export async function eventually(what, look, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`waited ${patience / 1000} s in vain: ${what}`);
    await pause(100);
  }
}

// --- Programs -------------------------------------------------------------------------------------

// A program that runs: what it has said so far, on standard output and standard error together.
export class Program {
  output = '';
  #mark = 0;
  #watchers = new Set();

  constructor(command, args, options = {}) {
    this.name = [command, ...args].join(' ');
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(code ?? signal));
    });
    this.ended.then((how) => {
      this.how = how;
      for (const watcher of this.#watchers) watcher();
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => {
        this.output += chunk;
        for (const watcher of this.#watchers) watcher();
      });
    }
  }

  // What it says from here on counts for `says`.
  mark() {
    this.#mark = this.output.length;
  }

  // Waits until it has said this since the last mark, and gives the match back.
  says(pattern, patience) {
    return this.#said(pattern, this.#mark, patience);
  }

  // Waits until it says this from now on.
  next(pattern, patience) {
    return this.#said(pattern, this.output.length, patience);
  }

  #said(pattern, since, patience = PATIENCE) {
    return new Promise((resolve, reject) => {
      const settle = (settled, value) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        settled(value);
      };
      const complain = (why) => settle(reject, new Error(`${this.name} ${why} without ${pattern}:\n${this.output}`));
      const watcher = () => {
        const found = pattern.exec(this.output.slice(since));
        if (found) settle(resolve, found);
        else if (this.how !== undefined) complain(`ended (${this.how})`);
      };
      const timer = setTimeout(() => complain(`went on for ${patience / 1000} s`), patience);
      this.#watchers.add(watcher);
      watcher();
    });
  }

  async stop(signal = 'SIGTERM') {
    if (this.how === undefined) this.child.kill(signal);
    return this.ended;
  }
}

// Runs a command to its end, and gives its standard output; fails when it does, unless told its status.
async function run(command, args, { status = 0, input, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  child.stdin.on('error', () => {}).end(input); // one that reads nothing may be gone already
  const texts = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk) => (texts[0] += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (texts[1] += chunk));
  const how = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 'any') assert.equal(how, status, `${command} ${args.join(' ')}:\n${texts.join('')}`);
  return texts[0];
}

// --- The network ----------------------------------------------------------------------------------

let made = 0;

export class Network {
  #bridge = `lan${process.pid}n${(made += 1)}`;
  #hosts = [];
  #cables = 0;

  static async make() {
    assert.equal(process.env.PARLOR_NETWORK, 'private', 'these tests are run by `npm test`, in namespaces of their own');
    const network = new Network();
    network.directory = mkdtempSync('/run/parlor-network-');
    writeFileSync(join(network.directory, 'nsswitch.conf'), NSSWITCH);
    const bridge = network.#bridge;
    await run('ip', ['link', 'add', bridge, 'type', 'bridge', 'mcast_snooping', '0']);
    await run('ip', ['link', 'set', bridge, 'addrgenmode', 'none', 'up']);
    return network;
  }

  // A new host, plugged in. Its addresses end in the number it is given: 2, 3 and so on.
  async host(name) {
    const number = this.#hosts.length + 2;
    const host = new Host(name, number, this.directory);
    this.#hosts.push(host);
    await host.begin();
    host.cable = await this.plugInto(host, 'eth0', [`${host.address}/24`, `${host.address6}/64`]);
    return host;
  }

  // Gives a host an interface on this network; what comes back is the switch's end of its cable.
  async plugInto(host, device, addresses) {
    const cable = `${this.#bridge}p${(this.#cables += 1)}`;
    const inside = `${host.keeper.child.pid}`;
    await run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', device, 'netns', inside]);
    await run('ip', ['link', 'set', cable, 'master', this.#bridge, 'addrgenmode', 'none', 'up']);
    for (const address of addresses) await host.addAddress(address, device);
    await host.run('ip', ['link', 'set', device, 'up']);
    return cable;
  }

  // As a Wi-Fi that isolates its clients: these reach everybody else, but not each other.
  async isolate(...hosts) {
    for (const host of hosts) await run('bridge', ['link', 'set', 'dev', host.cable, 'isolated', 'on']);
  }

  async close() {
    for (const host of this.#hosts) await host.end();
    await run('ip', ['link', 'delete', this.#bridge]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

class Host {
  #programs = [];

  constructor(name, number, directory) {
    Object.assign(this, { name, directory });
    this.address = `${PREFIX4}.${number}`;
    this.address6 = `${PREFIX6}:${number}`;
  }

  async begin() {
    const setUp = ['--net', '--uts', '--mount', 'sh', '-ec', HOST, 'host', this.name, join(this.directory, 'nsswitch.conf')];
    this.keeper = new Program('unshare', setUp);
    await this.keeper.says(/^ready$/m);
  }

  // The words to put before a command to have it run here. It stays one process.
  within(command, args = []) {
    return ['nsenter', [`--target=${this.keeper.child.pid}`, '--net', '--uts', '--mount', '--', command, ...args]];
  }

  run(command, args = [], options = {}) {
    return run(...this.within(command, args), options);
  }

  // Begins a program that goes on until it is stopped, or the network closed.
  start(command, args = [], options = {}) {
    const program = new Program(...this.within(command, args), options);
    program.name = `${command} on ${this.name}`;
    this.#programs.push(program);
    return program;
  }

  // The cable of eth0, at the switch: the interface keeps its addresses, and loses its carrier.
  async unplug() {
    await run('ip', ['link', 'set', this.cable, 'down']);
  }

  async plugIn() {
    await run('ip', ['link', 'set', this.cable, 'up']);
  }

  addAddress(address, device = 'eth0') {
    return this.run('ip', ['address', 'add', address, 'dev', device]);
  }

  removeAddress(address, device = 'eth0') {
    return this.run('ip', ['address', 'delete', address, 'dev', device]);
  }

  async end() {
    await Promise.all(this.#programs.map((program) => program.stop('SIGKILL')));
    await this.keeper.stop('SIGKILL');
  }
}
