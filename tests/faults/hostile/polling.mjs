// What can be done wrong with a session over polling. A case: its name, what is done (with a session
// made for it), and what came of it: the status of the odd request and of the poll behind it, with the
// body of that poll if it is short.

import { ask, Line, once, poll, polling, post, upgrade } from '../raw.mjs';

const RS = '\x1e';
const GONE = [400, '{"code":1,"message":"Session ID unknown"}'];
const ENDED = [200, `6${RS}1`]; // the server has closed it: parse errors and the like
const LIMIT = 131_072;

/** What a POST is answered, and then the poll after next, so to say: what became of the session. */
const posting = (body, lines) => async (port) => {
  const sid = await polling(port);
  const { status } = await ask(port, post(sid, body, lines));
  return [status, await becameOf(port, sid)];
};

/** Whether the session is gone, or answers a connect as it should. */
async function becameOf(port, sid) {
  const { status, body } = await ask(port, poll2(port, sid));
  if (status === 200 && body !== `6${RS}1` && body !== '1') return 'lives';
  return 'gone';
}

/** A poll that is answered at once, since something is asked before. */
function poll2(port, sid) {
  new Line(port).write(post(sid, '40'));
  return poll(sid);
}

const bad = (name, body, lines) => [name, posting(body, lines), [200, 'gone']];
const refused = (name, body, status, lines) => [name, posting(body, lines), [status, 'gone']];
const fine = (name, body, lines) => [name, posting(body, lines), [200, 'lives']];

/** A request for a session that is odd by itself, and what became of the session. */
const asking = (make) => async (port) => {
  const sid = await polling(port);
  const { status } = await ask(port, make(sid));
  return [status, await becameOf(port, sid)];
};

const PATH = '/socket.io/?EIO=4&transport=polling&sid=';

export const cases = [
  bad('letters', 'abc'),
  bad('nothing', ''),
  bad('a separator alone', RS),
  bad('a separator at the end', `6${RS}`),
  bad('a separator at the beginning', `${RS}6`),
  bad('two separators', `6${RS}${RS}6`),
  bad('ten thousand separators', RS.repeat(10_000)),
  bad('a type that is none', '9'),
  bad('a good packet and a bad one', `6${RS}x`),
  bad('a ping, which is the server\'s', '2'),
  bad('base64 that is none', 'b***'),
  bad('bytes that nobody waits for', 'bAQI='),
  bad('an event before any namespace', '42["x"]'),
  bad('a close packet', '1'),
  bad('a close packet before others', `1${RS}6`),
  bad('zeros', Buffer.alloc(100)),
  bad('bytes that are not UTF-8', Buffer.from([0x34, 0x32, 0xc3, 0x28])),
  bad('a character cut short', Buffer.from([0x36, 0xe2, 0x82])),
  bad('the form of revision 3', '2:40'),
  refused('bytes by their content type', Buffer.from([0, 1, 255]), 400, ['Content-Type: application/octet-stream']),
  fine('a noop', '6'),
  fine('pongs that nobody asked for', Array(1000).fill('3').join(RS)),
  fine('ten thousand noops', Array(10_000).fill('6').join(RS)),
  fine('an open packet', '0{}'),
  fine('exactly the limit', '6'.padEnd(LIMIT, 'x')),
  fine('another content type', '6', ['Content-Type: image/png']),
  fine('a form\'s content type', '6', ['Content-Type: application/x-www-form-urlencoded']),
  ['a byte more than the limit', posting('6'.padEnd(LIMIT + 1, 'x')), [413, 'lives']],
  ...['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PARLOR'].map((method) => [
    `the method ${method}`, asking((sid) => once(method, PATH + sid)), [500, 'lives'],
  ]),
  ['another revision', asking((sid) => once('GET', PATH.replace('EIO=4', 'EIO=5') + sid)), [400, 'lives']],
  ['the other transport', asking((sid) => once('GET', PATH.replace('polling', 'websocket') + sid)), [400, 'lives']],
  ['JSONP', asking((sid) => once('GET', `${PATH + sid}&j=0`)), [400, 'lives']],
  ['an upgrade without a key', asking((sid) => upgrade(`EIO=4&transport=websocket&sid=${sid}`).replace(/Sec-WebSocket-Key: .*\r\n/, 'Connection: close\r\n')), [400, 'lives']],
  ['a stranger\'s page', asking((sid) => once('GET', PATH + sid, ['Origin: https://evil.example'])), [403, 'lives']],
  ...['', 'A', 'A'.repeat(20), 'A'.repeat(8000), '%00', '../../etc/passwd', '__proto__', '%F0%9F', '"'].map((sid) => [
    `a POST to the session ${JSON.stringify(sid.slice(0, 24))}`,
    async (port) => (await ask(port, post(sid, '6'))).status, 400,
  ]),
  ['two polls at once', async (port) => {
    const sid = await polling(port);
    const first = new Line(port).write(poll(sid)), second = new Line(port).write(poll(sid));
    const statuses = [(await first.head()).status, (await second.head()).status].sort();
    return [...statuses, (await ask(port, poll(sid))).body];
  }, [200, 400, GONE[1]]],
  ['a session that its client closes while a poll waits', async (port) => {
    const sid = await polling(port);
    const waiting = new Line(port).write(poll(sid));
    await ask(port, post(sid, '1'));
    return [(await waiting.head()).status, ...Object.values(await ask(port, poll(sid))).slice(-1)];
  }, [200, GONE[1]]],
];
