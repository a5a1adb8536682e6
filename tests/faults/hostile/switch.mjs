// Requests for a WebSocket that must not be granted (RFC 6455 section 4.2), and what is odd about
// those that are. A case: its name, its bytes, and the status.

import { request } from '../raw.mjs';

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const VERSION = 'Sec-WebSocket-Version: 13';
const UPGRADE = 'Upgrade: websocket';
const CONNECTION = 'Connection: Upgrade';
const ALL = [CONNECTION, UPGRADE, VERSION, KEY];
const QUERY = '/socket.io/?EIO=4&transport=websocket';

const but = (out, ...lines) => request('GET', QUERY, [...ALL.filter((line) => line !== out), ...lines]);
const asking = (query, lines = []) => request('GET', `/socket.io/?${query}`, [...ALL, ...lines]);
const STRANGER = 'A'.repeat(20);

export const cases = [
  ['no key', but(KEY), 400],
  ['a key of nothing', but(KEY, 'Sec-WebSocket-Key: '), 400],
  ['a key that is too short', but(KEY, 'Sec-WebSocket-Key: dGhl'), 400],
  ['a key that is too long', but(KEY, `Sec-WebSocket-Key: ${'A'.repeat(30)}==`), 400],
  ['a key of 4 KB', but(KEY, `Sec-WebSocket-Key: ${'A'.repeat(4096)}`), 400],
  ['no version', but(VERSION), 400],
  ['version 0', but(VERSION, 'Sec-WebSocket-Version: 0'), 400],
  ['version 12', but(VERSION, 'Sec-WebSocket-Version: 12'), 400],
  ['version 99', but(VERSION, 'Sec-WebSocket-Version: 99'), 400],
  ['a version of letters', but(VERSION, 'Sec-WebSocket-Version: thirteen'), 400],
  ['several versions in one', but(VERSION, 'Sec-WebSocket-Version: 13, 12'), 400],
  ['no Upgrade', but(UPGRADE, 'Connection: close'), 400],
  ['an upgrade to something else', but(UPGRADE, 'Upgrade: h2c'), 400],
  ['no Connection', but(CONNECTION, 'Connection: close'), 400],
  ['version 1.0 of HTTP', request('GET', QUERY, ALL, { version: 'HTTP/1.0' }), 400],
  ['a POST', request('POST', QUERY, [...ALL, 'Content-Length: 0']), 400],
  ['a HEAD', request('HEAD', QUERY, ALL), 400],
  ['a subprotocol that is no token', asking('EIO=4&transport=websocket', ['Sec-WebSocket-Protocol: a/b']), 400],
  ['a subprotocol of nothing', asking('EIO=4&transport=websocket', ['Sec-WebSocket-Protocol: ,']), 400],
  ['no transport', asking('EIO=4'), 400],
  ['a transport that is none', asking('EIO=4&transport=constructor'), 400],
  ['polling', asking('EIO=4&transport=polling'), 400],
  ['another revision', asking('EIO=5&transport=websocket'), 400],
  ['revision 3, which is off', asking('EIO=3&transport=websocket'), 400],
  ['no revision', asking('transport=websocket'), 400],
  ['a session that is none', asking(`EIO=4&transport=websocket&sid=${STRANGER}`), 400],
  ['a session id of 8 KB', asking(`EIO=4&transport=websocket&sid=${'A'.repeat(8000)}`), 400],
  ['a session id with a zero', asking('EIO=4&transport=websocket&sid=%00'), 400],
  ['a session id of a path', asking('EIO=4&transport=websocket&sid=../../etc/passwd'), 400],
  ['a stranger\'s name', request('GET', QUERY, ALL, { host: 'evil.example' }), 403],
  ['a stranger\'s page', asking('EIO=4&transport=websocket', ['Origin: https://evil.example']), 403],
  ['a page of our host on another port', asking('EIO=4&transport=websocket', ['Origin: http://localhost:1']), 403],
  ['an origin that is null', asking('EIO=4&transport=websocket', ['Origin: null']), 403],
  ['two origins', asking('EIO=4&transport=websocket', ['Origin: http://localhost', 'Origin: https://evil.example']), 403],
  ['a path that is not ours', request('GET', '/nothing', [...ALL.slice(1), 'Connection: Upgrade, close']), 404],
];
