// The programs that the hosts of a network run: Parlor, avahi with its D-Bus, coturn, and commands.
//
//   PARLOR_BIN   the server to start (default: ../../target/release/parlor)

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PARLOR = process.env.PARLOR_BIN ?? fileURLToPath(new URL('../../target/release/parlor', import.meta.url));

export const PORT = 4000;

// --- Parlor ---------------------------------------------------------------------------------------

// A home of its own, so that it finds nobody's settings and keeps its certificates there.
const surroundings = (home) => ({ PATH: process.env.PATH, HOME: home });

// Starts a server on all addresses of a host and waits until it is ready. `home` is where it keeps
// its state: give the one of a server before it to have it come back.
export async function startParlor(host, { args = [], home = mkdtempSync(join(host.directory, `${host.name}-home-`)) } = {}) {
  assert.ok(existsSync(PARLOR), `no server at ${PARLOR}: cargo build --release, or set PARLOR_BIN`);
  const program = host.start(PARLOR, ['--port', `${PORT}`, ...args], { env: surroundings(home) });
  program.home = home;
  await program.says(/^Parlor is ready[^]*localhost:4000\/$/m);
  return program;
}

// Runs one of its commands (`urls`, `doctor`, `certificate`) beside a server that has this home.
export const parlorCommand = (host, home, args, options) => host.run(PARLOR, args, { env: surroundings(home), ...options });

// --- avahi ----------------------------------------------------------------------------------------

// Everybody on the bus may say everything: there is one avahi on it, and who asks it.
const BUS = `<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

async function startBus(host) {
  const conf = join(host.directory, 'bus.conf');
  writeFileSync(conf, BUS);
  const bus = host.start('dbus-daemon', [`--config-file=${conf}`, '--nofork', '--nopidfile', '--print-address']);
  await bus.says(/^unix:/m);
  return bus;
}

// avahi as it runs on most Linux machines. `settings` are lines of its [server] section.
export async function startAvahi(host, { settings = [] } = {}) {
  const conf = join(host.directory, `${host.name}-avahi.conf`);
  writeFileSync(conf, ['[server]', 'use-ipv4=yes', 'use-ipv6=yes', ...settings, '[publish]', 'publish-workstation=no', ''].join('\n'));
  await host.run('mount', ['--bind', conf, '/etc/avahi/avahi-daemon.conf']); // in this host only
  host.bus ??= await startBus(host);
  // It is in namespaces already, and there is nobody else to become.
  const avahi = host.start('avahi-daemon', ['--no-drop-root', '--no-chroot', '--no-rlimits']);
  await avahi.says(/Server startup complete/);
  return avahi;
}

// What avahi sees of one type of service, as long as it runs: lines of `+` (found), `=` (resolved)
// and `-` (gone), with fields between semicolons.
export const browse = (host, type) => host.start('avahi-browse', ['--parsable', '--resolve', '--no-db-lookup', type]);

// A host with avahi that sees servers come and go. What it saw in one test it must have forgotten
// before the next, or that would be answered from its memory.
export class Onlooker {
  constructor(host) {
    this.host = host;
    this.ready = startAvahi(host).then(() => {
      this.seen = browse(host, '_https._tcp');
    });
  }

  // Starts servers together, and waits until all of them are seen; they end with the test. The first
  // of them is given back.
  async meets(t, ...hosts) {
    await this.ready;
    const appeared = hosts.map((host) => this.seen.next(line('=', host)));
    const started = hosts.map(async (host) => {
      const parlor = await startParlor(host);
      t.after(() => this.leaves(parlor, host));
      return parlor;
    });
    const [first] = await Promise.all([...started, ...appeared]);
    return first;
  }

  // Stops a server, and waits until that is seen, which is soon only if it says goodbye: its records
  // are good for minutes.
  async leaves(parlor, host) {
    if (parlor.how !== undefined) return;
    const gone = this.seen.next(line('-', host), 5000);
    assert.equal(await parlor.stop(), 0);
    await gone;
  }
}

const line = (mark, host) => new RegExp(`^${mark};eth0;IPv4;Parlor\\\\032on\\\\032${host.name};_https._tcp;local`, 'm');

// The address of a name, as avahi finds it with one question; undefined if there is no answer.
export async function resolve(host, name, version) {
  const answer = await host.run('avahi-resolve', [`-${version}`, '--name', name], { status: 'any' });
  return answer.trim().split('\t')[1];
}

// --- Requests -------------------------------------------------------------------------------------

// The body of an answer, as another host gets it. `args` are curl's.
export const curl = (host, url, args = []) => host.run('curl', ['--silent', '--show-error', '--fail', '--max-time', '10', ...args, url]);

// What the page is told, by a server that this authority vouches for.
export const settings = async (host, url, authority) => JSON.parse(await curl(host, `${url}/config.json`, ['--cacert', authority.pem]));

// The authority of a server as visitors get it: by plain HTTP. Files with it, and what is in it.
export async function fetchAuthority(host, server) {
  const der = join(host.directory, `${server.name}.crt`), pem = join(host.directory, `${server.name}.pem`);
  await curl(host, `http://${server.address}:${PORT}/parlor-ca.crt`, ['--output', der]);
  const certificate = new X509Certificate(readFileSync(der));
  writeFileSync(pem, certificate.toString());
  return { der, pem, certificate };
}

// --- TURN -----------------------------------------------------------------------------------------

// coturn with credentials that end: the REST scheme of draft-uberti-behave-turn-rest-00.
export async function startTurn(host, secret) {
  const turn = host.start('turnserver', [
    '-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', '--verbose', '--realm=parlor.local',
    `--listening-ip=${host.address}`, `--relay-ip=${host.address}`, '--use-auth-secret', `--static-auth-secret=${secret}`,
    `--pidfile=${join(host.directory, 'turnserver.pid')}`, `--userdb=${join(host.directory, 'turn.db')}`,
  ]);
  await turn.says(/IPv4\. UDP listener opened on: \S+:3478/i);
  return turn;
}
