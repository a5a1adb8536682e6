// Trouble with the state directory: full, read-only, and files that are broken. Each test has a disk of
// its own, a tmpfs, which goes with the namespaces that these tests run in.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { Call } from './call.mjs';
import { PARLOR, startParlor } from './parlor.mjs';
import { ask, once } from './raw.mjs';

const PAGE = 4096; // bytes, the least that a file of tmpfs takes
const AUTHORITY = 'authority.pem', LEAF = 'server.pem';

/** A disk of so many pages. */
function disk(t, pages) {
  const state = mkdtempSync(join(tmpdir(), 'parlor-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${pages * PAGE}`, 'tmpfs', state]);
  t.after(() => {
    execFileSync('umount', ['--lazy', state]);
    rmSync(state, { recursive: true });
  });
  return {
    state,
    list: () => readdirSync(state).sort(),
    read: (name) => readFileSync(join(state, name)),
    write: (name, text) => writeFileSync(join(state, name), text),
    remove: (name) => rmSync(join(state, name)),
    freeze: () => execFileSync('mount', ['-o', 'remount,ro', state]),
    thaw: () => execFileSync('mount', ['-o', 'remount,rw', state]),
    /** Takes what is free, in a file that is not Parlor's. */
    fill() {
      const { bavail } = JSON.parse(execFileSync('stat', ['-f', '-c', '{"bavail":%a}', state]));
      writeFileSync(join(state, 'filler'), Buffer.alloc(bavail * PAGE));
    },
  };
}

const start = (t, { state }) => startParlor([], { state }).then((server) => (t.after(() => server.stop()), server));

/** A command that must end by itself. */
function run({ state }, ...words) {
  const ended = spawnSync(PARLOR, [...words, `--state-dir=${state}`], { env: { PATH: process.env.PATH }, encoding: 'utf8', timeout: 20_000 });
  return { code: ended.status, said: ended.stdout + ended.stderr };
}

const startAndEnd = (where) => run(where, '--no-mdns', '--listen=127.0.0.1:0');

/** The fingerprint of the certificate that is served. */
const served = (server) => new Promise((resolve, reject) => {
  const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.once('error', reject);
  socket.once('secureConnect', () => {
    resolve(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  });
});

const healthy = async (server) => assert.equal((await ask(server.port, once('GET', '/healthz'))).body, 'ok\n');

/** Makes authority and certificate on a disk. */
async function prepared(t, pages) {
  const where = disk(t, pages);
  const server = await startParlor([], { state: where.state });
  const fingerprint = await served(server);
  assert.equal(await server.stop(), 0);
  return { where, fingerprint };
}

test('a disk that is full at the first start is an error that names the file and the flag, and nothing is left behind', (t) => {
  const where = disk(t, 1);
  where.fill();
  const { code, said } = startAndEnd(where);
  assert.equal(code, 1, said);
  assert.match(said, /cannot write \S*authority\.pem: No space left.*--state-dir/);
  assert.deepEqual(where.list(), ['filler']);
});

test('a disk that cannot take the certificate any more does not keep the server from its work', async (t) => {
  const where = disk(t, 1);
  const server = await start(t, where);
  await server.program.says(/WARN .*cannot write \S*server\.pem: No space left/);
  assert.deepEqual(where.list(), [AUTHORITY], 'no part of a file');
  await healthy(server);
  await served(server);
});

test('a directory that is read-only at the first start is an error that names it', (t) => {
  const where = disk(t, 16);
  where.freeze();
  const { code, said } = startAndEnd(where);
  assert.equal(code, 1, said);
  assert.match(said, /cannot write \S*authority\.pem: Read-only file system.*--state-dir/);
});

test('a directory that has become read-only serves what is in it', async (t) => {
  const { where, fingerprint } = await prepared(t, 16);
  where.freeze();
  const server = await start(t, where);
  assert.equal(await served(server), fingerprint);
  await healthy(server);
});

for (const [trouble, begin, end, words] of [
  ['is full', (where) => where.fill(), (where) => where.remove('filler'), 'No space left'],
  ['is read-only', (where) => where.freeze(), (where) => where.thaw(), 'Read-only'],
]) {
  test(`a renewal while the disk ${trouble} fails with its reason, the old certificate stays, and calls go on`, async (t) => {
    const { where, fingerprint } = await prepared(t, 16);
    const server = await start(t, where);
    const call = await Call.begin(server);
    begin(where);
    const files = [AUTHORITY, LEAF].map((name) => where.read(name));
    const failed = run(where, 'certificate', '--renew');
    assert.equal(failed.code, 1, failed.said);
    assert.match(failed.said, new RegExp(`cannot write \\S*server\\.pem: ${words}`));
    assert.deepEqual([AUTHORITY, LEAF].map((name) => where.read(name)), files);
    assert.equal(await served(server), fingerprint);

    end(where);
    server.program.mark();
    assert.equal(run(where, 'certificate', '--renew').code, 0);
    server.program.child.kill('SIGHUP');
    await server.program.says(/took up another certificate/);
    assert.notEqual(await served(server), fingerprint);
    assert.ok(!where.list().some((name) => name.startsWith('.new-')), 'no part of a file');
    await call.end();
  });

  test(`a certificate that is lost under the server while the disk ${trouble} is replaced in memory`, async (t) => {
    const { where } = await prepared(t, 16);
    const server = await start(t, where);
    const call = await Call.begin(server);
    // It looks by itself from time to time, but not in between.
    server.program.child.kill('SIGSTOP');
    where.remove(LEAF);
    begin(where);
    server.program.child.kill('SIGHUP');
    server.program.child.kill('SIGCONT');
    await server.program.says(new RegExp(`WARN .*cannot write \\S*server\\.pem: ${words}`));
    await healthy(server);
    await served(server);
    await call.end();
  });
}

const BROKEN = {
  'is empty': () => '',
  'is rubbish': () => Buffer.from([0, 255, 7, 1, 2, 3]),
  'is cut off': (good) => good.subarray(0, good.length / 2),
  'has a bit turned over': (good) => {
    const bad = Buffer.from(good);
    bad[good.length >> 2] ^= 1;
    return bad;
  },
  'is a directory': undefined,
};

for (const [how, spoil] of Object.entries(BROKEN)) {
  const spoiled = (where, name) => {
    if (spoil) {
      where.write(name, spoil(where.read(name)));
      return where.read(name);
    }
    where.remove(name);
    mkdirSync(join(where.state, name));
    return undefined;
  };

  test(`an authority that ${how} is an error that says what to do, and is left as it is`, async (t) => {
    const { where } = await prepared(t, 16);
    const bytes = spoiled(where, AUTHORITY);
    const { code, said } = startAndEnd(where);
    assert.equal(code, 1, said);
    assert.match(said, /authority\.pem/);
    if (bytes) {
      assert.match(said, /no usable authority: .*put its backup there, or move it away/);
      assert.deepEqual(where.read(AUTHORITY), bytes);
    } else assert.ok(statSync(join(where.state, AUTHORITY)).isDirectory());
  });

  if (!spoil) continue;
  test(`a certificate that ${how} is kept beside the new one, each time it happens`, async (t) => {
    const { where, fingerprint } = await prepared(t, 16);
    const kept = [];
    for (const name of [`${LEAF}.broken`, `${LEAF}.broken-2`]) {
      kept.push([name, spoiled(where, LEAF)]);
      const server = await start(t, where);
      await server.program.says(/WARN .*it was moved away file=\S*server\.pem /);
      assert.notEqual(await served(server), fingerprint);
      await server.stop();
      for (const [file, bytes] of kept) assert.deepEqual(where.read(file), bytes);
    }
    assert.equal(run(where, 'certificate').code, 0, 'the new one can be used');
  });
}
