// The Debian package, as apt and dpkg see it: judged by lintian, installed, used, removed and purged.
//
//   PARLOR_DEB      the package
//   PARLOR_ROOT   a Debian to install it into, see system.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { before, after, test } from 'node:test';
import { System, given } from './system.mjs';
import { serving } from './serving.mjs';

const DEB = given('PARLOR_DEB');
const UNITS = '/usr/lib/systemd/system';
const STATE = '/var/lib/private/parlor';

/** The one that it is installed in for all tests that change nothing. */
let system;

before(() => {
  system = installed();
});
after(() => system.end());

function installed(prepare = () => {}) {
  const system = new System();
  prepare(system);
  install(system);
  return system;
}

function install(system) {
  return system.run('dpkg', '--install', system.bring(DEB, 'parlor.deb'));
}

/** A new system for a test that goes through several states of it. */
function trial(name, body, prepare) {
  test(name, async () => {
    const system = installed(prepare);
    try {
      await body(system);
    } finally {
      system.end();
    }
  });
}

/** Somebody who has the port already. */
async function withListener(port, address, use) {
  const server = createServer();
  await new Promise((resolve) => server.listen(port, address, resolve));
  try {
    return await use();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Every flag that the help names. */
function flags() {
  const named = system.run('/usr/bin/parlor', '--help').match(/^ +(-\w, )?--[a-z0-9-]+/gm);
  const all = named.map((line) => line.slice(line.indexOf('--')));
  assert.ok(all.length > 30, `the help has ${all.length} flags`);
  return all;
}

test('lintian finds no error', () => {
  const { status, stdout, stderr } = spawnSync('lintian', ['--allow-root', '--fail-on', 'error', DEB], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('every file is in its place with its mode, and is root\'s', () => {
  const expected = {
    '/usr/bin/parlor': '755',
    '/usr/libexec/parlor/web-ports-free': '755',
    [`${UNITS}/parlor.service`]: '644',
    [`${UNITS}/parlor.socket`]: '644',
    [`${UNITS}/parlor-web.socket`]: '644',
    [`${UNITS}/parlor.service.d/client.conf`]: '644',
    '/etc/parlor/parlor.env': '644',
    '/usr/share/man/man1/parlor.1.gz': '644',
    '/usr/share/bash-completion/completions/parlor': '644',
    '/usr/share/zsh/vendor-completions/_parlor': '644',
    '/usr/share/fish/vendor_completions.d/parlor.fish': '644',
    '/usr/share/doc/parlor/copyright': '644',
    '/usr/share/doc/parlor/changelog.gz': '644',
    '/usr/share/doc/parlor/changelog.Debian.gz': '644',
    '/usr/share/lintian/overrides/parlor': '644',
  };
  for (const name of ['LICENSE', ...['esm.min', 'min', 'msgpack.min'].flatMap(scripts), ...scripts('')]) {
    expected[`/usr/share/parlor/socket.io/${name}`] = '644';
  }
  const listed = system.run('dpkg', '--listfiles', 'parlor').trim().split('\n').filter((path) => path !== '/.');
  const found = listed.map((path) => system.run('stat', '--format', '%n %a %U %G %F', path).trim().split(' '));
  for (const [path, mode, user, group] of found) assert.deepEqual([user, group], ['root', 'root'], `${path} ${mode}`);
  const files = found.filter(([, , , , kind]) => kind === 'regular');
  assert.deepEqual(Object.fromEntries(files.map(([path, mode]) => [path, mode])), expected);
});

function scripts(kind) {
  const name = ['socket.io', kind, 'js'].filter((part) => part !== '').join('.');
  return [name, `${name}.map`];
}

test('dpkg finds all files as they were packaged', () => {
  assert.equal(system.run('dpkg', '--verify', 'parlor'), '');
});

test('the manual has every flag, and renders without a warning', () => {
  const file = system.path('/usr/share/man/man1/parlor.1.gz');
  const env = { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' };
  const { status, stdout, stderr } = spawnSync('man', ['--warnings', '--local-file', file], { encoding: 'utf8', env });
  assert.deepEqual([status, stderr], [0, '']);
  // Lines are broken at hyphens.
  const page = stdout.replaceAll(/\S\x08/g, '').replaceAll(/[\u2010-]\s+/g, '-');
  assert.deepEqual(flags().filter((flag) => !page.includes(flag)), []);
  for (const word of ['certificate', 'urls', 'doctor', 'PARLOR_MAX_ROOMS', 'EXIT STATUS']) assert.ok(page.includes(word), word);
});

test('bash completes flags, actions and their files', () => {
  const script = '/usr/share/bash-completion/completions/parlor';
  const completed = (...words) => {
    const current = words.at(-1);
    const line = words.map((word) => `'${word}'`).join(' ');
    const code = `. ${script}; compopt() { :; }; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1};
      _parlor parlor '${current}' '${words.at(-2)}'; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return system.run('bash', '-c', code).trim().split('\n').sort();
  };
  assert.deepEqual(completed('parlor', '--max-r'), ['--max-rooms']);
  assert.deepEqual(completed('parlor', 'd'), ['doctor']);
  assert.deepEqual(completed('parlor', 'certificate', '--ren'), ['--renew']);
  assert.deepEqual(completed('parlor', '--tls-cert', '/etc/debian_v'), ['/etc/debian_version']);
  assert.deepEqual(flags().filter((flag) => !completed('parlor', flag).includes(flag)), []);
});

test('the completions of zsh and fish have every flag', () => {
  const zsh = system.read('/usr/share/zsh/vendor-completions/_parlor');
  const fish = system.read('/usr/share/fish/vendor_completions.d/parlor.fish');
  for (const flag of flags()) {
    assert.match(zsh, new RegExp(`'(\\*|\\([^)]*\\))?${flag}[='[]`), flag);
    assert.match(fish, new RegExp(`-l ${flag.slice(2)}\\b`), flag);
  }
  assert.match(zsh, /^#compdef parlor\n/);
});

test('the copyright file names the licence of everything inside, with its text', () => {
  const [header, ...paragraphs] = system.read('/usr/share/doc/parlor/copyright').split('\n\n');
  assert.match(header, /^Format: .*copyright-format\/1\.0\//);
  const field = (paragraph, name) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
  const alone = paragraphs.filter((paragraph) => paragraph.startsWith('License: '));
  const texts = new Map(alone.map((paragraph) => [field(paragraph, 'License'), paragraph]));
  for (const [name, text] of texts) assert.ok(text.split('\n').length > 2, name);
  const files = paragraphs.filter((paragraph) => paragraph.startsWith('Files: '));
  for (const paragraph of files) {
    assert.ok(field(paragraph, 'Copyright'), paragraph);
    const inside = /^License: .*\n /m.test(paragraph);
    const names = field(paragraph, 'License').split(/ or | and /);
    if (!inside) assert.deepEqual(names.filter((name) => !texts.has(name)), [], paragraph);
  }
  const named = files.map((paragraph) => field(paragraph, 'Files'));
  for (const part of ['*', 'usr/share/parlor/socket.io/*', 'linked/musl/*']) assert.ok(named.includes(part), part);
  for (const crate of ['hyper', 'rustls', 'ring', 'tokio']) assert.ok(named.some((name) => name.startsWith(`linked/${crate}-`)), crate);
  for (const crate of ['serde_derive', 'proptest']) assert.ok(!named.some((name) => name.startsWith(`linked/${crate}-`)), crate);
});

test('it serves the page, and the official client by the unit\'s own setting', async () => {
  const dropIn = system.read(`${UNITS}/parlor.service.d/client.conf`);
  const [, directory] = /^Environment=PARLOR_CLIENT_DIR=(.*)$/m.exec(dropIn);
  await serving(system, '/usr/bin/parlor', { PARLOR_CLIENT_DIR: directory }, async (url) => {
    const page = await fetch(`${url}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>/);
    const client = await fetch(`${url}/socket.io/socket.io.js`);
    assert.equal(client.status, 200);
    assert.equal(await client.text(), system.read(`${directory}/socket.io.js`));
  });
});

test('the unit starts what the package brings, and reads its settings', () => {
  const unit = system.read(`${UNITS}/parlor.service`);
  assert.match(unit, /^ExecStart=\/usr\/bin\/parlor\b/m);
  assert.match(unit, /^EnvironmentFile=-?\/etc\/parlor\/parlor\.env$/m);
});

test('the settings are a configuration file, in which everything is a comment', () => {
  assert.match(system.run('dpkg-query', '--show', '--showformat', '${Conffiles}', 'parlor'), /^ \/etc\/parlor\/parlor\.env \w+$/m);
  const text = system.read('/etc/parlor/parlor.env');
  assert.match(text, /^#PARLOR_NAME=/m);
  assert.doesNotMatch(text, /^[^#\n]/m);
});

trial('in an image that is being made it is enabled for the first start, but for the ports 80 and 443', (system) => {
  assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
});

trial(
  'without systemd it can be installed and removed all the same',
  (system) => {
    assert.match(system.run('parlor', '--version'), /^parlor \d/);
    system.run('dpkg', '--purge', 'parlor');
    assert.deepEqual(system.enabled(), []);
  },
  (system) => system.withoutSystemd(),
);

trial(
  'where systemd runs and nobody has 80 and 443 all units are enabled and started',
  (system) => {
    assert.deepEqual(system.enabled(), ['parlor-web.socket', 'parlor.service', 'parlor.socket']);
    assert.deepEqual(system.told(), ['start parlor.socket', 'start parlor-web.socket', 'restart parlor.service']);
  },
  (system) => system.pretendSystemd(),
);

for (const [port, address] of [[80, '127.0.0.1'], [443, '::1']]) {
  test(`with a listener on port ${port} of ${address} the ports of the web are left alone, also later`, async () => {
    const system = new System();
    try {
      system.pretendSystemd();
      const said = await withListener(port, address, () => install(system));
      assert.match(said, /leaves ports 80 and 443 alone/);
      assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
      assert.deepEqual(system.told(), ['start parlor.socket', 'restart parlor.service']);
      // Nobody is there any more, but it has been decided.
      install(system);
      assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
    } finally {
      system.end();
    }
  });
}

trial(
  'an upgrade starts the service anew and leaves what the administrator has decided',
  (system) => {
    system.told();
    const web = '/etc/systemd/system/sockets.target.wants/parlor-web.socket';
    system.run('rm', web);
    system.append('/etc/parlor/parlor.env', 'PARLOR_NAME=den\n');
    install(system);
    assert.deepEqual(system.told(), ['restart parlor.service']);
    assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
    assert.match(system.read('/etc/parlor/parlor.env'), /^PARLOR_NAME=den$/m);
    // And the other way round.
    system.run('ln', '-s', `${UNITS}/parlor-web.socket`, web);
    system.run('rm', '/etc/systemd/system/multi-user.target.wants/parlor.service');
    install(system);
    assert.deepEqual(system.enabled(), ['parlor-web.socket', 'parlor.socket']);
  },
  (system) => system.pretendSystemd(),
);

test('who has a unit in /etc already is told that it stands before the package\'s', () => {
  const system = new System();
  try {
    const unit = '/etc/systemd/system/parlor.service';
    const configured = () => {
      const { status, stderr } = system.attempt('dpkg', '--install', system.bring(DEB, 'parlor.deb'));
      assert.equal(status, 0, stderr);
      return stderr;
    };
    system.append(unit, '[Service]\nExecStart=/usr/local/bin/parlor\n');
    assert.match(configured(), /^parlor: \/etc\/systemd\/system\/parlor\.service, .* install\.sh uninstall .*$/m);
    system.run('rm', unit);
    assert.doesNotMatch(configured(), /stands before/);
    // It is masked.
    system.run('ln', '-s', '/dev/null', unit);
    assert.doesNotMatch(configured(), /stands before/);
  } finally {
    system.end();
  }
});

trial('removing keeps settings and state, and installing again finds them', (system) => {
  keepState(system);
  system.run('dpkg', '--remove', 'parlor');
  assert.ok(!system.has('/usr/bin/parlor') && !system.has(`${UNITS}/parlor.service`));
  assert.ok(system.has('/etc/parlor/parlor.env') && system.has(`${STATE}/ca.key`) && system.has('/var/lib/parlor'));
  install(system);
  assert.ok(system.has(`${STATE}/ca.key`));
  assert.deepEqual(system.enabled(), ['parlor.service', 'parlor.socket']);
});

/** What the service makes there, with DynamicUser. */
function keepState(system) {
  system.run('mkdir', '-p', STATE);
  system.run('ln', '-s', 'private/parlor', '/var/lib/parlor');
  system.run('touch', `${STATE}/ca.key`);
}

test('a purge leaves the system as it was', () => {
  const system = new System();
  try {
    system.pretendSystemd();
    // What any package of a service leaves behind: folders of systemd's.
    system.run('mkdir', '-p', '/var/lib/systemd/deb-systemd-helper-enabled', '/var/lib/systemd/deb-systemd-helper-masked', '/var/lib/private');
    const before = system.tree();
    install(system);
    keepState(system);
    system.told();
    system.run('dpkg', '--purge', 'parlor');
    assert.deepEqual(system.told(), ['stop parlor-web.socket parlor.socket parlor.service']);
    assert.deepEqual(system.tree(), before);
  } finally {
    system.end();
  }
});
