// The service under a systemd that is the first process of a machine: what it is told and what it does.
//
// The tests go through one life of one machine, in this order. See `machine.mjs` for what they need.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ADDRESS, Machine } from './machine.mjs';
import { UNITS } from './units.mjs';

const READY = { ActiveState: 'active', SubState: 'running' };

let machine;
before(async () => { machine = await Machine.start(); });
after(async () => {
  if (machine) assert.equal(await machine.stop(), 7, 'it is shut down by its own systemd');
});

const state = (...more) => machine.show('parlor.service', 'ActiveState', 'SubState', ...more);
const pid = () => machine.show('parlor.service', 'MainPID').MainPID;
const running = (process) => machine.run(`cat /proc/${process}/status`);
const field = (status, name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
const get = (url, ...words) => machine.run(`curl --silent --show-error --max-time 30 --insecure ${words.join(' ')} ${url}`);
const healthz = (port = 4000) => get(`http://127.0.0.1:${port}/healthz`);

test('this systemd finds nothing to say about the units', () => {
  const version = machine.run('systemctl --version | head -1');
  const paths = UNITS.map((name) => `/etc/systemd/system/${name}`).join(' ');
  assert.equal(machine.run(`systemd-analyze verify --man=no ${paths} 2>&1`), '', version);
});

test('it is started when it says that it is ready, with the socket that systemd made', () => {
  machine.run('systemctl enable --now parlor.service');
  // `systemctl` has waited, so it answers at once.
  assert.equal(healthz(), 'ok');
  const { StatusText, ...rest } = state('StatusText', 'NotifyAccess', 'Type');
  assert.deepEqual(rest, { ...READY, NotifyAccess: 'main', Type: 'notify' });
  assert.match(StatusText, /^Open https?:\/\/\S+\/( or https?:\/\/\S+\/)?$/);
  assert.equal(machine.show('parlor.socket', 'ActiveState', 'SubState').SubState, 'running');
  const environment = machine.run(`tr '\\0' '\\n' </proc/${pid()}/environ`);
  assert.match(environment, /^LISTEN_FDS=1$/m);
  assert.match(environment, /^LISTEN_FDNAMES=parlor$/m);
});

test('it runs without any privilege, as a user who owns nothing', () => {
  const status = running(pid());
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    assert.match(field(status, set), /^0+$/, set);
  }
  assert.equal(field(status, 'NoNewPrivs'), '1');
  assert.equal(field(status, 'Seccomp'), '2', 'system calls are filtered');
  assert.notEqual(field(status, 'Uid').split('\t')[0], '0');
  assert.equal(machine.run('stat -L -c %a /var/lib/parlor'), '700');
  assert.match(machine.run('ls /var/lib/parlor'), /^authority\.pem$/m);
});

test('its journal has priorities, and no second time', () => {
  const records = machine.records();
  const listening = records.find(({ MESSAGE }) => MESSAGE.includes('listening address=[::]:4000'));
  assert.ok(listening, JSON.stringify(records));
  assert.deepEqual([listening.PRIORITY, listening.MESSAGE.startsWith('parlor::process: ')], ['6', true]);
  assert.ok(records.some(({ MESSAGE }) => MESSAGE.startsWith('Parlor is ready.')));
  assert.deepEqual(machine.records('-p', 'warning'), []);
});

test('a reload reads files again, and ends nothing', async () => {
  machine.write('/etc/parlor/passcode', 'first');
  machine.write('/etc/parlor/parlor.env', 'PARLOR_PASSCODE_FILE=/etc/parlor/passcode\nPARLOR_NO_MDNS=true\n');
  machine.run('systemctl restart parlor.service');
  const before = pid();
  machine.write('/etc/parlor/passcode', 'second');
  machine.run('systemctl reload parlor.service');
  // `systemctl` waits only if systemd heard of the reload before `kill` had ended.
  const again = () => machine.records().filter(({ MESSAGE }) => MESSAGE.includes('the passcode was read again')).length;
  await machine.until('the passcode was read again', again);
  assert.equal(again(), 1);
  assert.equal(pid(), before);
  await machine.until('the reload is over', () => state().SubState === 'running');
  assert.deepEqual(state(), READY);
  // Everybody there can read the file, which is a warning.
  const warnings = machine.records('-p', 'warning').map(({ MESSAGE, PRIORITY }) => [PRIORITY, MESSAGE.includes('can read the passcode')]);
  assert.deepEqual(warnings, [['4', true], ['4', true]]);
  machine.run('rm /etc/parlor/parlor.env && systemctl restart parlor.service');
});

test('a server that hangs is ended and started again, and who knocked meanwhile is answered', async () => {
  machine.change('WatchdogSec=2');
  machine.run('systemctl restart parlor.service');
  const before = pid();
  const { NRestarts } = machine.show('parlor.service', 'NRestarts');
  machine.run(`kill -STOP ${before}`);
  const answer = machine.begin('curl --silent --max-time 60 http://127.0.0.1:4000/healthz');
  assert.equal(await answer, 'ok');
  await machine.until('it runs again', () => state().SubState === 'running');
  const later = machine.show('parlor.service', 'NRestarts');
  assert.equal(Number(later.NRestarts), Number(NRestarts) + 1);
  assert.notEqual(pid(), before);
  assert.match(machine.log(), /parlor\.service: Watchdog timeout/);
  assert.equal(machine.run('ls /var/lib/systemd/coredump 2>/dev/null | grep -c parlor || true'), '0');
  // Once it has told the watchdog for five times its time that it lives, it is still the same one.
  const lives = pid();
  const told = () => Number(machine.show('parlor.service', 'WatchdogTimestampMonotonic').WatchdogTimestampMonotonic); // µs
  const began = told();
  await machine.until('it lives five times as long', () => healthz() === 'ok' && told() - began >= 5 * 2_000_000);
  assert.equal(pid(), lives);
});

test('who knocks while it is restarted again and again is answered, each time', async () => {
  machine.change('WatchdogSec=30');
  // Several at a time, who wait while nobody serves; curl's exit codes, 7 for one that was refused.
  const knock = `until [ -e /run/enough ]; do
      curl --silent --max-time 30 --output /dev/null http://127.0.0.1:4000/healthz; echo "$?"
    done`;
  const knocking = Array.from({ length: 4 }, () => machine.begin(knock));
  for (let times = 0; times < 10; times += 1) machine.run('systemctl restart parlor.service');
  machine.run('touch /run/enough');
  const codes = (await Promise.all(knocking)).join('\n').split('\n');
  assert.ok(codes.length > 20, `they knocked ${codes.length} times`);
  assert.deepEqual(codes.filter((code) => code !== '0'), [], `of ${codes.length}`);
});

test('it stops in time, and comes back for whoever knocks', async () => {
  const began = Date.now();
  machine.run('systemctl stop parlor.socket parlor.service');
  assert.ok(Date.now() - began < 6000, `${Date.now() - began} ms`);
  const { ActiveState, Result, ExecMainStatus } = state('Result', 'ExecMainStatus');
  assert.deepEqual({ ActiveState, Result, ExecMainStatus }, { ActiveState: 'inactive', Result: 'success', ExecMainStatus: '0' });
  assert.notEqual(machine.try('curl --silent http://127.0.0.1:4000/healthz').status, 0);
  machine.run('systemctl start parlor.socket');
  assert.equal(state().ActiveState, 'inactive');
  assert.equal(healthz(), 'ok');
  assert.equal(state().ActiveState, 'active');
});

test('a setting that is wrong does not close the port: once it is right, who waits is answered', async () => {
  machine.run('systemctl stop parlor.socket parlor.service');
  machine.write('/etc/parlor/parlor.env', 'PARLOR_WORKERS=none\n');
  machine.run('systemctl start parlor.socket');
  const answer = machine.begin('curl --silent --max-time 60 http://127.0.0.1:4000/healthz');
  await machine.until('it was tried again', () => Number(machine.show('parlor.service', 'NRestarts').NRestarts) >= 3);
  const errors = machine.records('-p', 'err').map(({ MESSAGE }) => MESSAGE);
  assert.match(errors.join('\n'), /^parlor: PARLOR_WORKERS: "none"/m);
  assert.match(machine.show('parlor.socket', 'ActiveState').ActiveState, /^active$/);
  machine.run('rm /etc/parlor/parlor.env');
  assert.equal(await answer, 'ok');
});

test('with ports 80 and 443 it is opened without one, and 4000 stays', async () => {
  machine.run(`systemctl stop parlor.service parlor.socket
    systemctl enable --now parlor-web.socket
    systemctl start parlor.service`);
  assert.match(field(running(pid()), 'CapEff'), /^0+$/);
  for (const [url, port] of [['http', 4000], ['https', 4000], ['http', 80], ['https', 443]]) {
    assert.equal(get(`${url}://127.0.0.1:${port}/healthz`), 'ok', `${url} ${port}`);
  }
  const told = await machine.until('its name is told', () => {
    const { addresses, names } = JSON.parse(get(`https://${ADDRESS}/config.json`));
    return names.length > 0 && { addresses, names };
  });
  assert.deepEqual(told.addresses.filter((url) => url.includes(ADDRESS)), [`https://${ADDRESS}`]);
  assert.deepEqual(told.names, ['https://parlor.local']);
  assert.match(machine.run('parlor urls'), /^https:\/\/parlor\.local\/\n {2}https:\/\/192\.168\.77\.20\/\n/);
  assert.match(state('StatusText').StatusText, /^Open https:\/\/parlor\.local\/ or https:\/\/192\.168\.77\.20\/$/);

  // Who types the name alone comes by plain HTTP, and is shown the way to the port that need not be typed.
  const page = get(`http://${ADDRESS}/?a=b`);
  assert.match(page, new RegExp(`href="https://${ADDRESS}/\\?a=b"`));
  const secure = get(`https://${ADDRESS}/`, '--resolve', `parlor.local:443:${ADDRESS}`);
  assert.match(secure, /<html/);
  const named = get('https://parlor.local/socket.io/?EIO=4\\&transport=polling', '--resolve', `parlor.local:443:${ADDRESS}`,
    '--header', '"Origin: https://parlor.local"');
  assert.match(named, /^0\{"sid"/);
});

test('where only HTTPS is spoken port 80 leads to port 443, and 4000 to itself', () => {
  machine.write('/etc/parlor/parlor.env', 'PARLOR_HTTPS_ONLY=true\n');
  machine.run('systemctl restart parlor.service');
  const location = (url) => get(url, '--output', '/dev/null', '--write-out', '%{redirect_url}');
  assert.equal(location(`http://${ADDRESS}/a`), `https://${ADDRESS}/a`);
  assert.equal(location(`http://${ADDRESS}:4000/a`), `https://${ADDRESS}:4000/a`);
});

test('port 4000 can be had on one address only, as behind a proxy', () => {
  machine.run('systemctl stop parlor.service parlor.socket parlor-web.socket');
  machine.write('/etc/parlor/parlor.env', 'PARLOR_HTTP_ONLY=true\n');
  machine.write('/etc/systemd/system/parlor.socket.d/test.conf', '[Socket]\nListenStream=\nListenStream=127.0.0.1:4000\n');
  machine.run('systemctl daemon-reload && systemctl start parlor.socket parlor.service');
  assert.equal(healthz(), 'ok');
  const refused = 7; // curl's
  assert.equal(machine.try(`curl --silent --max-time 30 http://${ADDRESS}:4000/healthz`).status, refused);
  assert.deepEqual(state(), READY);
});
