// The tarball's install.sh: which program it takes on which machine, and that what it installs works and
// goes again.
//
//   PARLOR_TARBALL   a tarball for x86_64
//   PARLOR_ROOT    a Debian to install it into, see system.mjs
//
// Machines are pretended: `uname` and `getconf` are what the test says. Beside the real program there
// are files with the name of a processor in them, so it is seen which was taken.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { System, given } from './system.mjs';
import { serving } from './serving.mjs';

const TARBALL = given('PARLOR_TARBALL');
const ALL = ['armv6l', 'armv7l', 'aarch64', 'x86_64'];

let folder;
let unpacked;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'parlor-tarball-'));
  execFileSync('tar', ['--extract', '--file', TARBALL, '--directory', folder]);
  unpacked = join(folder, readdirSync(folder)[0]);
});
after(() => rmSync(folder, { recursive: true }));

/** What install.sh does on a machine, with a tarball that has programs for these processors. */
function installing({ uname, bits, programs = ALL, words = [] }) {
  const place = mkdtempSync(join(folder, 'machine-'));
  const commands = join(place, 'commands');
  const root = join(place, 'root');
  const tarball = join(place, 'tarball');
  for (const made of [commands, root]) mkdirSync(made);
  const command = (name, text) => {
    writeFileSync(join(commands, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(commands, name), 0o755);
  };
  command('uname', `echo ${uname}`);
  command('getconf', bits === undefined ? 'exit 127' : `echo ${bits}`);
  // It would be the one of this machine.
  command('systemctl', 'exit 0');
  cpSync(unpacked, tarball, { recursive: true });
  rmSync(join(tarball, 'bin'), { recursive: true });
  for (const name of programs) {
    mkdirSync(join(tarball, 'bin', name), { recursive: true });
    writeFileSync(join(tarball, 'bin', name, 'parlor'), name);
  }
  const env = { PATH: `${commands}:${process.env.PATH}` };
  const { status, stderr } = spawnSync('sh', [join(tarball, 'install.sh'), '--root', root, ...words], { encoding: 'utf8', env });
  const taken = status === 0 ? readFileSync(join(root, 'usr/local/bin/parlor'), 'utf8') : null;
  return { taken, stderr, installed: readdirSync(root) };
}

for (const [uname, bits, expected, words] of [
  ['armv6l', 32, 'armv6l', 'a Pi Zero'],
  ['armv7l', 32, 'armv7l', 'a Pi 2'],
  ['armv8l', 32, 'armv7l', 'a 64-bit processor that runs 32-bit programs only'],
  ['aarch64', 64, 'aarch64', 'a Pi 4'],
  ['aarch64', 32, 'armv7l', 'a Pi 4 with a system of 32 bits'],
  ['x86_64', 64, 'x86_64', 'a PC'],
]) {
  test(`${words} gets the program for ${expected}`, () => {
    const { taken, stderr } = installing({ uname, bits });
    assert.equal(taken, expected, stderr);
  });
}

test('without getconf the width of the system is that of its shell', () => {
  // The shell of this machine, which is of 64 bits.
  assert.equal(installing({ uname: 'x86_64' }).taken, 'x86_64');
  assert.equal(installing({ uname: 'aarch64' }).taken, 'aarch64');
});

test('ARMv7 takes the program for ARMv6 where there is none of its own, but not the other way round', () => {
  assert.equal(installing({ uname: 'armv7l', bits: 32, programs: ['armv6l', 'aarch64'] }).taken, 'armv6l');
  const { stderr, installed } = installing({ uname: 'armv6l', bits: 32, programs: ['armv7l', 'aarch64'] });
  assert.match(stderr, /this machine is armv6l, and this tarball is for aarch64 armv7l: take the one for armv6l/);
  assert.deepEqual(installed, []);
});

test('a machine that the tarball has no program for gets nothing, and is told what to take', () => {
  for (const uname of ['armv6l', 'armv7l', 'aarch64']) {
    const { stderr, installed } = installing({ uname, bits: uname === 'aarch64' ? 64 : 32, programs: ['x86_64'] });
    assert.match(stderr, new RegExp(`this machine is ${uname}, .* take the one for ${uname}`));
    assert.deepEqual(installed, []);
  }
});

test('a machine that nothing is made for is told so', () => {
  for (const [uname, bits] of [['riscv64', 64], ['i686', 32], ['armv5tel', 32], ['x86_64', 32]]) {
    const { stderr, installed } = installing({ uname, bits });
    assert.match(stderr, /there is no program for/);
    assert.deepEqual(installed, []);
  }
});

test('a processor that is named is believed', () => {
  assert.equal(installing({ uname: 'x86_64', bits: 64, words: ['--arch', 'armv6l'] }).taken, 'armv6l');
  assert.match(installing({ uname: 'x86_64', bits: 64, words: ['--arch', 'pentium'] }).stderr, /no program for pentium/);
});

/** Unpacks the tarball in a system, and says where the script is there. */
function unpackedIn(system) {
  execFileSync('tar', ['--extract', '--file', TARBALL, '--directory', system.path('/opt')]);
  return `/opt/${readdirSync(system.path('/opt'))[0]}/install.sh`;
}

test('without systemd it installs a server that works, and uninstalls all of it', async () => {
  const system = new System();
  try {
    const script = unpackedIn(system);
    system.withoutSystemd();
    const before = system.tree();
    assert.match(system.run('sh', script), /There is no systemd to start it/);
    assert.match(system.run('parlor', '--version'), /^parlor \d/);
    const unit = system.read('/etc/systemd/system/parlor.service');
    assert.match(unit, /^ExecStart=\/usr\/local\/bin\/parlor\b/m);
    const directory = '/usr/local/share/parlor/socket.io';
    assert.match(system.read('/etc/systemd/system/parlor.service.d/client.conf'), new RegExp(`=${directory}$`, 'm'));
    await serving(system, '/usr/local/bin/parlor', { PARLOR_CLIENT_DIR: directory }, async (url) => {
      assert.match(await (await fetch(`${url}/`)).text(), /<title>/);
      assert.equal((await fetch(`${url}/socket.io/socket.io.min.js`)).status, 200);
    });
    // Settings outlive a newer version and the uninstalling.
    system.append('/etc/parlor/parlor.env', 'PARLOR_NAME=den\n');
    system.run('sh', script);
    assert.match(system.run('sh', '/usr/local/libexec/parlor/install.sh', 'uninstall'), /Kept: \/etc\/parlor/);
    assert.match(system.read('/etc/parlor/parlor.env'), /^PARLOR_NAME=den$/m);
    system.run('sh', script);
    system.run('sh', script, 'uninstall', '--purge');
    assert.deepEqual(system.tree().filter((line) => !EMPTY.test(line)), before.filter((line) => !EMPTY.test(line)));
  } finally {
    system.end();
  }
});

/** Folders of the system's that others use too, so they stay. */
const EMPTY = /^\/(usr\/local\/(share|libexec)|etc\/systemd)\b.* d/;

test('where systemd runs the units are enabled and started, and stopped again', () => {
  const system = new System();
  try {
    system.pretendSystemd();
    const script = unpackedIn(system);
    system.run('sh', script);
    assert.deepEqual(system.enabled(), ['parlor-web.socket', 'parlor.service', 'parlor.socket']);
    assert.deepEqual(system.told(), ['start parlor.socket', 'start parlor-web.socket', 'restart parlor.service']);
    // What an administrator has decided stays so.
    system.run('systemctl', 'disable', 'parlor-web.socket');
    system.run('sh', script);
    assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
    assert.deepEqual(system.told(), ['restart parlor.service']);
    system.run('sh', script, 'uninstall');
    assert.deepEqual(system.enabled(), []);
  } finally {
    system.end();
  }
});

test('units that could not be enabled are enabled when it is run again', () => {
  const system = new System();
  try {
    system.pretendSystemd();
    const script = unpackedIn(system);
    // No link can be made in what is no folder.
    const wants = '/etc/systemd/system/sockets.target.wants';
    system.run('rm', '-rf', wants);
    system.run('touch', wants);
    assert.notEqual(system.attempt('sh', script).status, 0);
    system.run('rm', wants);
    system.run('sh', script);
    assert.deepEqual(system.enabled(), ['parlor-web.socket', 'parlor.service', 'parlor.socket']);
  } finally {
    system.end();
  }
});

test('an upgrade removes what only the older version had', () => {
  const system = new System();
  try {
    system.pretendSystemd();
    const script = unpackedIn(system);
    system.run('sh', script);
    const old = ['/usr/local/share/parlor/old.js', '/etc/systemd/system/parlor-old.socket'];
    system.append(old[0], 'old');
    system.append(old[1], '[Socket]\nListenStream=/run/old\n[Install]\nWantedBy=sockets.target\n');
    system.append('/usr/local/libexec/parlor/installed', old.map((path) => `${path}\n`).join(''));
    system.run('systemctl', 'enable', 'parlor-old.socket');
    assert.ok(system.enabled().includes('parlor-old.socket'));
    system.append('/usr/local/share/parlor/mine.js', 'not of the list');
    system.run('sh', script);
    assert.deepEqual(old.filter((path) => system.has(path)), []);
    assert.deepEqual(system.enabled(), ['parlor-web.socket', 'parlor.service', 'parlor.socket']);
    assert.ok(system.has('/usr/local/share/parlor/mine.js'));
    const listed = system.read('/usr/local/libexec/parlor/installed').trim().split('\n');
    assert.deepEqual(listed.filter((path) => !system.has(path) || old.includes(path)), []);
  } finally {
    system.end();
  }
});

test('it leaves a machine alone that has the package', () => {
  const system = new System();
  try {
    system.run('touch', '/usr/bin/parlor');
    const refused = system.attempt('sh', unpackedIn(system));
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /the package parlor is installed/);
    assert.ok(!system.has('/usr/local/bin/parlor'));
  } finally {
    system.end();
  }
});
