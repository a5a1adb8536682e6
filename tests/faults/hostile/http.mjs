// Requests that are none, or that two readers could take for different ones (RFC 9110, RFC 9112).
//
// A case: its name, its bytes, and the status that is answered; `0` for none, when the connection is
// closed without a word, `alert` for one of TLS. A list is for several requests on one connection.

import { once, request } from '../raw.mjs';

const get = (lines, options) => request('GET', '/healthz', lines, options);
const closing = ['Connection: close'];
const posted = (lines, body = '') => request('POST', '/socket.io/?EIO=4&transport=polling', [...closing, ...lines]) + body;
const raw = (text) => Buffer.from(text, 'latin1');
const VERB = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
const AGAIN = once('GET', '/healthz');

/** The request line. */
const LINE = [
  ['letters', 'hello\r\n\r\n', 400],
  ['no target', 'GET HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['no version', 'GET /healthz\r\nHost: localhost\r\n\r\n', 400],
  ['two targets', 'GET /a /b HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['a method with a colon', 'GE:T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['a space before the method', ' GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['a tab for a space', 'GET\t/healthz\tHTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['version 0.9', 'GET /healthz HTTP/0.9\r\nHost: localhost\r\n\r\n', 400],
  ['version 3.0', 'GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n', 400],
  ['a version that is none', 'GET /healthz HTTP/x\r\nHost: localhost\r\n\r\n', 400],
  ['lower case in the protocol', 'GET /healthz http/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 0],
  ['a control character in the target', raw('GET /he\x01lthz HTTP/1.1\r\nHost: localhost\r\n\r\n'), 400],
  ['a zero in the target', raw('GET /he\x00lthz HTTP/1.1\r\nHost: localhost\r\n\r\n'), 400],
  ['a target of 100 KB', request('GET', `/${'a'.repeat(100_000)}`, closing), 431],
  ['a method of 100 KB', request('G'.repeat(100_000), '/', closing), 431],
  ['a target that is an authority', request('GET', 'localhost:80', closing), 404],
  ['CONNECT', request('CONNECT', 'localhost:80', closing), 404],
  ['CONNECT to a path', request('CONNECT', '/healthz', closing), 405],
  ['OPTIONS for the whole server', request('OPTIONS', '*', closing), 404],
  ['TRACE', once('TRACE', '/healthz'), 405],
  ['DELETE', once('DELETE', '/healthz'), 405],
  ['a method of our own', once('PARLOR', '/healthz'), 405],
  ['per cent and no digits in the target', once('GET', '/%zz'), 404],
  ['a thousand dots in the target', once('GET', `/${'../'.repeat(1000)}etc/passwd`), 404],
  ['letters beyond ASCII in the target', raw('GET /\xe9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), 400],
];

/** Header lines. */
const HEADERS = [
  ['a line without a colon', get(['Nothing', ...closing]), 400],
  ['a name of nothing', get([': x', ...closing]), 400],
  ['a space in a name', get(['A b: c', ...closing]), 400],
  ['a space before the colon', get(['Content-Length : 5', ...closing]), 400],
  ['a folded line', get(['X-A: b\r\n c', ...closing]), 400],
  ['a space before the first line', 'GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n', 400],
  ['a zero in a name', raw(`${VERB}X\x00A: b\r\n\r\n`), 400],
  ['a zero in a value', raw(`${VERB}X-A: b\x00\r\n\r\n`), 400],
  ['a carriage return in a value', raw(`${VERB}X-A: b\rc\r\n\r\n`), 400],
  ['a letter beyond ASCII in a name', raw(`${VERB}X-\xe9: b\r\n\r\n`), 400],
  ['letters beyond ASCII in a value', raw(`${VERB}X-A: \xff\xfe\r\n\r\n`), 200],
  ['a hundred and fifty lines', get([...Array(150)].map((_, at) => `X-${at}: y`).concat(closing)), 431],
  ['a line of 100 KB', get([`X-A: ${'b'.repeat(100_000)}`, ...closing]), 431],
  ['ten thousand lines', get([...Array(10_000)].map((_, at) => `X-${at}: y`).concat(closing)), 431],
  ['the same header ninety times', get([...Array(90)].map(() => 'Cookie: a=b').concat(closing)), 200],
  ['no host', get(closing, { host: false }), 400],
  ['two hosts', get(['Host: other.example', ...closing]), 400],
  ['a host of nothing', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
  ['a host with a user', get(closing, { host: 'me@localhost' }), 400],
  ['a host with a path', get(closing, { host: 'localhost/x' }), 400],
  ['a host with a port that is none', get(closing, { host: 'localhost:x' }), 400],
  ['a host with a port beyond all', get(closing, { host: 'localhost:99999' }), 400],
  ['a stranger\'s name', get(closing, { host: 'evil.example' }), 403],
  ['a stranger\'s name in the target', request('GET', 'http://evil.example/healthz', closing), 403],
  ['a stranger\'s page', request('GET', '/config.json', ['Origin: https://evil.example', ...closing]), 403],
  ['an origin that is null', request('GET', '/socket.io/?EIO=4&transport=polling', ['Origin: null', ...closing]), 403],
  ['an origin that is none', request('GET', '/socket.io/?EIO=4&transport=polling', ['Origin: :::', ...closing]), 403],
  ['another site\'s page by its fetch metadata', request('GET', '/config.json', ['Sec-Fetch-Site: cross-site', ...closing]), 403],
  ['an expectation that is none', get(['Expect: 200-ok', ...closing]), 200],
  ['an upgrade to HTTP/2', get(['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA', 'Connection: Upgrade, HTTP2-Settings', ...closing]), 200],
  ['a range that is none', request('GET', '/', ['Range: bytes=9-1,x-', ...closing]), 200],
  ['a cookie of 8 KB', get([`Cookie: ${'a=b; '.repeat(1600)}`, ...closing]), 200],
  ['line ends without carriage returns', 'GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n', 200],
  ['empty lines before the request', `\r\n\r\n${AGAIN}`, 200],
];

/** Where a body ends: what smuggles a request past a proxy. */
const BODIES = [
  ['two lengths that differ', posted(['Content-Length: 1', 'Content-Length: 2'], 'xx'), 400],
  ['two lengths in one', posted(['Content-Length: 1, 2'], 'xx'), 400],
  ['two lengths that agree', posted(['Content-Length: 2', 'Content-Length: 2'], '40'), 400],
  ['a length below nothing', posted(['Content-Length: -1']), 400],
  ['a length with a sign', posted(['Content-Length: +2'], '40'), 400],
  ['a length with a point', posted(['Content-Length: 2.0'], '40'), 400],
  ['a length in hexadecimal', posted(['Content-Length: 0x2'], '40'), 400],
  ['a length beyond all', posted([`Content-Length: ${'9'.repeat(30)}`]), 400],
  ['a length of nothing', posted(['Content-Length: '], ''), 400],
  ['a length and chunks', posted(['Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), 400],
  ['chunks over something else', posted(['Transfer-Encoding: gzip, identity'], ''), 400],
  ['chunks that are not the last coding', posted(['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'), 400],
  ['chunks in version 1.0', 'POST /socket.io/?EIO=4&transport=polling HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['two requests, the second in the body of the first', [
    ...[request('GET', '/healthz', ['Content-Length: 3']), 'GET', AGAIN],
  ].join(''), [200, 200]],
  ['a chunk whose size is none', posted(['Transfer-Encoding: chunked'], 'x\r\n40\r\n0\r\n\r\n'), 400],
  ['a request behind one that is closed', AGAIN + AGAIN, 200],
  ['a hundred requests in one go', get([]).repeat(99) + AGAIN, Array(100).fill(200)],
  ['a bad request behind good ones', get([]).repeat(3) + 'x\r\n\r\n', [200, 200, 200, 400]],
];

/** Bytes of other protocols, and none of any. */
const OTHERS = [
  ['a TLS record of 64 KB', Buffer.concat([Buffer.from([22, 3, 1, 255, 255]), Buffer.alloc(70_000)]), 'alert'],
  ['an alert of TLS', Buffer.from([21, 3, 1, 0, 2, 2, 40]), 400],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 400],
  ['SOCKS', Buffer.from([5, 1, 0]), 400],
  ['zeros', Buffer.alloc(1000), 400],
  ['bytes above 127', Buffer.alloc(1000, 0xff), 400],
  ['a proxy\'s header', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n', 400],
];

export const cases = [...LINE, ...HEADERS, ...BODIES, ...OTHERS];
