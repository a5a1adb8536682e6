// Handshakes that are never finished, or that nobody means, many at a time and each in its own way.

import { createHash } from 'node:crypto';
import { Line, once, post, request, upgrade } from '../raw.mjs';

const LONG = 100_000; // bytes of a head or a body that goes on and on
const POLLING = '/socket.io/?EIO=4&transport=polling';
const noise = (bytes) => createHash('shake256', { outputLength: bytes }).update('noise').digest();

/** A ClientHello that says it goes on: its record's header, and less than it promises. */
const hello = Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), noise(200)]);

/** What is sent, by its name. The connection is then held open. */
export const KINDS = {
  'nothing': '',
  'a byte': 'G',
  'half a head': request('GET', '/', [`Cookie: ${'a=b; '.repeat(40)}`]).slice(0, -2),
  'a head without an end': `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${'x'.repeat(LONG)}`,
  'half a ClientHello': hello,
  'a ClientHello of noise': Buffer.concat([Buffer.from([22, 3, 1, 0, 200]), noise(200)]),
  'a session that is never asked for': once('GET', POLLING),
  'a body that does not come': request('POST', POLLING, [`Content-Length: ${LONG}`]),
  'a body for nobody': Buffer.concat([post('A'.repeat(20), 'x'.repeat(LONG)).subarray(0, -1)]),
  'an upgrade with a bad key': upgrade().replace('dGhlIHNhbXBsZSBub25jZQ==', 'AAAA'),
  'an upgrade, and nothing': upgrade(),
  'an upgrade, and half a frame': Buffer.concat([Buffer.from(upgrade()), Buffer.from([0x81, 0xfe, 0xff])]),
  'an upgrade, and a long fragment': Buffer.concat([Buffer.from(upgrade()), Buffer.from([0x01, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0]), noise(60_000)]),
  'an upgrade by a stranger': upgrade(undefined, ['Origin: https://evil.example']),
};

/** Makes `count` of them, of all kinds in turn, up to `window` open at one time; closes the oldest. */
export async function handshakes(port, count, window) {
  const kinds = Object.values(KINDS), open = [];
  for (let made = 0; made < count; made += 1) {
    const line = new Line(port);
    await new Promise((resolve) => line.socket.once('connect', resolve).once('error', resolve));
    open.push(line.write(kinds[made % kinds.length]));
    if (open.length > window) open.shift().close({ reset: made % 2 === 0 });
  }
  return { close: () => open.splice(0).forEach((line) => line.close()) };
}
