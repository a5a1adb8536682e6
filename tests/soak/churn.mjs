// Clients that come and give up, many a second, in every half-done way; memory must stay flat.

import { randomBytes } from 'node:crypto';
import { connect as connectSecurely } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { Call } from '../faults/call.mjs';
import { ONE_ADDRESS, startParlor } from '../faults/parlor.mjs';
import { Line, frame, joined, polling, request, upgrade, websocket } from '../faults/raw.mjs';
import { MB, row } from './table.mjs';

const FLAT = 0.05; // of the least of the minutes' medians

const poll = (sid) => request('GET', `/socket.io/?EIO=4&transport=polling&sid=${sid}`);
const begunPost = (sid) => `${request('POST', `/socket.io/?EIO=4&transport=polling&sid=${sid}`, ['Content-Length: 1000'])}42["cand`;
const probing = (sid) => upgrade(`EIO=4&transport=websocket&sid=${sid}`);

/** Sends these bytes, and then breaks the connection. */
async function breakOff(line, bytes) {
  await new Promise((resolve) => line.socket.write(bytes, resolve));
  line.close({ reset: true });
}

/** The ways to give up, by their names. */
const WAYS = {
  'a connection without a byte': (port) => breakOff(new Line(port), ''),
  'half a head': async (port) => new Line(port).socket.end('GET / HTTP/1.1\r\nHost: loc'),
  'half a ClientHello': (port) => breakOff(new Line(port), Buffer.from([22, 3, 1, 2, 0, 1, 0])),
  'a session that is never asked for again': (port) => polling(port),
  'a poll that is aborted': async (port) => breakOff(new Line(port), poll(await polling(port))),
  'a POST that is aborted': async (port) => breakOff(new Line(port), begunPost(await polling(port))),
  'an upgrade that probes and goes': async (port) => {
    const line = new Line(port).write(probing(await polling(port)));
    await line.head();
    line.write(frame('2probe'));
    await line.frame();
    line.close({ reset: true });
  },
  // The server ends it, at the end of the upgrade's time.
  'an upgrade that never probes': async (port) => new Line(port).write(probing(await polling(port))).head(),
  'a WebSocket that goes before its first packet': async (port) => breakOff(await websocket(port), ''),
  'a WebSocket in the middle of a frame': async (port) => breakOff(await joined(port), frame('42["candidate",').subarray(0, 12)),
  'a WebSocket over TLS that goes': async (port) => {
    const line = new Line(connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false }));
    await line.write(upgrade()).head();
    line.close();
  },
  'a seat that is lost without a word': async (port) => {
    const line = (await websocket(port)).write(frame(`40{"seat":"${hex(16)}"}`));
    await line.frame();
    line.write(frame(`420["join","churn ${hex(8)}"]`));
    await line.frame();
    line.close({ reset: true });
  },
  'a seat that is given up': async (port) => {
    const line = await joined(port);
    line.write(frame('420["join","churn"]')).write(frame('41')).write(frame('', { first: 0x88 }));
    await line.end();
  },
};

const hex = (bytes) => randomBytes(bytes).toString('hex');
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Runs for so many minutes, with so many clients a second; rows of the table, of which `failed` says that a bound is broken. */
export async function churn({ minutes = 30, rate = 40 }) {
  const server = await startParlor(ONE_ADDRESS);
  try {
    const call = await Call.begin(server, { pace: 1000 });
    const ways = Object.values(WAYS), begun = Date.now(), end = begun + minutes * 60_000;
    const least = server.files();
    const minutesOf = []; // of each whole minute: resident bytes, once a second
    let tried = 0, failed = 0, sampled = 0;
    while (Date.now() < end) {
      await pause(Math.max(0, begun + (tried * 1000) / rate - Date.now()));
      Promise.resolve(ways[tried++ % ways.length](server.port)).catch(() => (failed += 1));
      const second = Math.floor((Date.now() - begun) / 1000);
      if (second === sampled) continue;
      sampled = second;
      (minutesOf[Math.floor(second / 60)] ??= []).push(server.resident());
    }
    const medians = minutesOf.slice(0, minutes).map(median);
    const later = medians.slice(Math.floor(medians.length / 3));
    const spread = Math.max(...later) / Math.min(...later) - 1;
    const relayed = await call.end();
    const files = server.files();
    return [
      row('clients that gave up', `${tried}, in ${minutes} minutes`),
      row('ways to give up', `${ways.length}`),
      row('resident after a minute', MB(medians[0] ?? 0)),
      row('resident at the end', MB(medians.at(-1))),
      row('resident in every fifth minute', medians.filter((_, minute) => minute % 5 === 4).map(MB).join(', ')),
      row('difference over the last two thirds', `${(spread * 100).toFixed(1)} % (bound: ${FLAT * 100} %)`, spread > FLAT),
      row('resident at its peak', MB(server.peak())),
      row('files open', `${least} at first, ${files} at the end`),
      row('candidates of the call beside it', `${relayed.join(' and ')}, none lost`),
      row('that could not be tried', `${failed}`, failed > tried / 100),
    ];
  } finally {
    await server.stop();
  }
}
