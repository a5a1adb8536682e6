// A small Debian to install into: the one that scripts/test keeps in the cache folder (PARLOR_ROOT),
// entered with chroot(8). What a test changes there is in memory, as the upper layer of an overlay, so a
// new system costs nothing and the one in the cache stays as it is.
//
// systemd is in it and does not run, so a package finds what it finds in an image that is being made. A
// test of what is done where it runs lets the system say so: what is to be started or stopped is written
// down then, and the real systemctl does the rest. The tests run in namespaces of their own
// (tests/network/private): what is mounted is gone with them, and the ports 80 and 443 of the network
// there are nobody's but the test's.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

if (process.env.PARLOR_NETWORK !== 'private') {
  throw new Error('run these tests with `npm test`, or `tests/network/private node --test`: they mount and listen');
}

/** A file that scripts/test has made, by the variable that names it. */
export function given(variable) {
  const path = process.env[variable];
  if (!path || !existsSync(path)) throw new Error(`${variable} names no file: run scripts/test package`);
  return path;
}

// Stands before the real one.
const SYSTEMCTL = `#!/bin/sh
for verb; do case "$verb" in -*) ;; *) break ;; esac; done
case "$verb" in
  start | stop | restart) echo "$*" >>/run/told ;;
esac
case "$verb $*" in
  start*parlor.service | restart*parlor.service) touch /run/parlor-runs ;;
  stop*parlor.service) rm -f /run/parlor-runs ;;
  is-active*) [ -e /run/parlor-runs ] ;;
  start* | stop* | daemon-reload*) ;;
  *) exec /usr/bin/systemctl "$@" ;;
esac
`;

export class System {
  constructor() {
    this.place = mkdtempSync(join(tmpdir(), 'parlor-package-'));
    mount('-t', 'tmpfs', 'tmpfs', this.place);
    const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(this.place, name));
    for (const folder of [upper, work, root]) mkdirSync(folder);
    mount('-t', 'overlay', 'overlay', '-o', `lowerdir=${given('PARLOR_ROOT')},upperdir=${upper},workdir=${work}`, root);
    this.root = root;
    mount('--bind', '/dev', this.path('/dev'));
    mount('-t', 'proc', 'proc', this.path('/proc'));
  }

  /** Where a path of the system is for us. */
  path(path) {
    return join(this.root, path);
  }

  has(path) {
    return lstatSync(this.path(path), { throwIfNoEntry: false }) !== undefined;
  }

  read(path) {
    return readFileSync(this.path(path), 'utf8');
  }

  append(path, text) {
    appendFileSync(this.path(path), text);
  }

  /** Puts a file of ours into its /tmp, and says where it is there. */
  bring(file, name) {
    writeFileSync(this.path(`/tmp/${name}`), readFileSync(file));
    return `/tmp/${name}`;
  }

  /** How a command is run in it. */
  entered(command) {
    const environment = ['HOME=/root', 'LC_ALL=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
    return ['chroot', [this.root, '/usr/bin/env', '-i', 'DEBIAN_FRONTEND=noninteractive', ...environment, ...command]];
  }

  /** Runs a command in it, and gives what it says; a failure is an error with all that was said. */
  run(...command) {
    const { status, stdout, stderr } = this.attempt(...command);
    if (status !== 0) throw new Error(`${command.join(' ')}: exit ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  attempt(...command) {
    return spawnSync(...this.entered(command), { encoding: 'utf8' });
  }

  /** From now on the system says that systemd runs. */
  pretendSystemd() {
    mkdirSync(this.path('/run/systemd/system'), { recursive: true });
    writeFileSync(this.path('/usr/local/sbin/systemctl'), SYSTEMCTL, { mode: 0o755 });
  }

  /** From now on there is no systemd. */
  withoutSystemd() {
    rmSync(this.path('/usr/bin/systemctl'));
  }

  /** What was to be started and stopped since the last time. */
  told() {
    const told = this.has('/run/told') ? this.read('/run/told').replaceAll(/--\S+ /g, '').trim().split('\n') : [];
    rmSync(this.path('/run/told'), { force: true });
    return told;
  }

  /** Parlor's units that start with the machine. */
  enabled() {
    const folder = '/etc/systemd/system';
    const wanted = (target) => (this.has(`${folder}/${target}`) ? readdirSync(this.path(`${folder}/${target}`)) : []);
    return ['multi-user.target.wants', 'sockets.target.wants'].flatMap(wanted).filter((unit) => unit.startsWith('parlor')).sort();
  }

  /** Every file, link and folder in it but those of the kernel and of dpkg's own books, with its mode. */
  tree() {
    const skipped = ['/proc', '/dev', '/var/lib/dpkg', '/var/log', '/var/cache', '/tmp', '/run'].flatMap((path) => ['-path', path, '-prune', '-o']);
    return this.run('find', '/', ...skipped, '-printf', '%p %M %u\\n').trim().split('\n').sort();
  }

  end() {
    execFileSync('umount', ['--recursive', this.place]);
    rmSync(this.place, { recursive: true });
  }
}

function mount(...words) {
  execFileSync('mount', words);
}
