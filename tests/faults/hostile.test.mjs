// Hostile input at every layer, case by case, beside a call that must lose nothing. The tables are in
// `hostile/`; how many cases there were is printed. In the end the server must hold nothing of them:
// no connection, no byte of the budget that all clients share, little memory.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../network/network.mjs';
import { Call } from './call.mjs';
import * as frames from './hostile/frames.mjs';
import * as http from './hostile/http.mjs';
import * as packets from './hostile/packets.mjs';
import * as polls from './hostile/polling.mjs';
import * as switching from './hostile/switch.mjs';
import { ONE_ADDRESS, startParlor } from './parlor.mjs';
import { frame, joined, Line, websocket } from './raw.mjs';

const MAY_GROW = 8 * 2 ** 20; // bytes of resident memory, by the whole table
const FLAGS = [...ONE_ADDRESS, '--max-event-rate=100000', '--max-buffered-bytes=1MiB'];

const QUESTION = frame('427777["leave","nobody"]');
const ANSWER = /^437777\[/;

let server, call, files, resident, tried = 0;
before(async () => {
  server = await startParlor(FLAGS);
  files = server.files();
  // What is made once, whoever comes, is there from now on.
  for (const [, bytes] of http.cases) await answers(bytes);
  await eventually('the first visitors have gone', () => server.files() <= files);
  call = await Call.begin(server);
  resident = server.resident();
});
after(() => server?.stop());

/** One test for a table, which fails with all of its cases that went otherwise. */
function table(title, cases, attempt) {
  test(`${title}: ${cases.length} cases`, async (t) => {
    const wrong = [];
    for (const [name, what, expected] of cases) {
      const got = await attempt(what, expected).catch((error) => error.message);
      if (got !== true) wrong.push(`${name}: expected ${expected instanceof RegExp ? expected : JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
      tried += 1;
    }
    assert.deepEqual(wrong, []);
    t.diagnostic(`${cases.length} cases`);
  });
}

/** One of the server's own numbers. */
async function number(name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^parlor_${name} (\\d+)$`, 'm').exec(text)[1]);
}

/** The statuses of what is answered to these bytes, until the connection is closed. */
async function answers(bytes) {
  const line = new Line(server.port).write(bytes);
  const came = (await line.end()).toString('latin1');
  line.close();
  if (came.startsWith('\x15\x03')) return 'alert';
  const statuses = [...came.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
  return statuses.length > 1 ? statuses : statuses[0] ?? 0;
}

async function isAnswered(bytes, expected) {
  const got = await answers(bytes);
  return JSON.stringify(got) === JSON.stringify(expected) || got;
}

/** The same for one request whose connection may be kept. */
async function isRefused(bytes, expected) {
  const line = new Line(server.port).write(bytes);
  const { status } = await line.head();
  line.close();
  return status === expected || status;
}

/** What a WebSocket is answered, in the words of the tables; `true` if it is what was expected. */
async function isReceived(line, bytes, expected) {
  line.write(bytes);
  if (expected === 'ignored') line.write(QUESTION);
  try {
    for (;;) {
      const got = await line.frame();
      if (!got) return 'the end of the connection';
      const text = got.payload.toString();
      if (got.first === 0x88) {
        const code = got.payload.length ? got.payload.readUInt16BE() : 'goodbye';
        if (code !== expected) return code;
        // The last frame is the last.
        line.socket.end();
        return (await line.end()).length === 0 || 'more behind the close frame';
      }
      if (expected === 'ignored') return ANSWER.test(text) || text;
      if (expected instanceof RegExp) return expected.test(text) || text.slice(0, 200);
      if (expected?.first === got.first && expected.payload.equals(got.payload)) return true;
      if (!expected?.among) return `${got.first.toString(16)} ${text.slice(0, 200)}`;
    }
  } finally {
    line.close();
  }
}

const messages = (list) => Buffer.concat(list.map((one) => frame(one, { first: typeof one === 'string' ? 0x81 : 0x82 })));

describe('hostile input', () => {
  table('requests', http.cases, isAnswered);
  table('upgrades', switching.cases, isRefused);
  table('frames', frames.cases, async (bytes, expected) => isReceived(await joined(server.port), bytes, expected));
  table('packets before a namespace', packets.fresh, async (list, expected) => isReceived(await websocket(server.port), messages(list), expected));
  table('packets', packets.cases, async (list, expected) => isReceived(await joined(server.port), messages(list), expected));
  table('sessions over polling', polls.cases, async (attempt, expected) => {
    const got = await attempt(server.port);
    return JSON.stringify(got) === JSON.stringify(expected) || got;
  });

  test('frames in single bytes are answered as whole ones', async () => {
    const line = await joined(server.port);
    for (const byte of QUESTION) {
      await new Promise((resolve) => line.socket.write(Buffer.from([byte]), resolve));
    }
    assert.match((await line.frame()).payload.toString(), ANSWER);
    line.close();
  });

  test('the call beside it has lost nothing', async (t) => {
    const relayed = await call.end();
    t.diagnostic(`${relayed.join(' and ')} candidates`);
    assert.ok(relayed.every((count) => count > 100));
  });

  test('nothing of it is left', async (t) => {
    await eventually('its connections are closed', () => server.files() <= files);
    await eventually('every byte of the budget is given back', async () => (await number('buffered_bytes')) === 0);
    const grown = server.resident() - resident;
    t.diagnostic(`${(grown / 2 ** 20).toFixed(1)} MB more are resident`);
    assert.ok(grown < MAY_GROW, `${grown} bytes more are resident`);
    assert.doesNotMatch(server.log, /panic|WARN|ERROR/, 'hostile input is no more than a line for debugging');
    t.diagnostic(`${tried} cases in all`);
  });
});
