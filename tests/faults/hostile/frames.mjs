// Frames that break RFC 6455, and odd ones that do not: cases of each kind that the Autobahn suite has
// (`scripts/autobahn` runs that itself). They are sent by a client in the main namespace.
//
// A case: its name, its bytes, and what comes of them: a number for a close frame with that code,
// `goodbye` for one without, `ignored` if the client is served as before, or what it is answered first.

import { closing, frame } from '../raw.mjs';

const FIN = 0x80, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const LIMIT = 131_072; // --max-payload
const NOOP = '6'; // a packet that does nothing
const QUESTION = '421["leave","nobody"]';
const ANSWER = /^431\[\{"error":\{"code":"not-seated"/;

const only = (first, payload = '', rest = {}) => frame(payload, { first, ...rest });
const join = (...frames) => Buffer.concat(frames);
const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** A message in fragments of so many bytes. */
function cut(payload, size, opcode = TEXT) {
  const bytes = Buffer.from(payload), frames = [];
  for (let at = 0; at < bytes.length; at += size) {
    const last = at + size >= bytes.length;
    frames.push(only((last ? FIN : 0) | (at ? 0 : opcode), bytes.subarray(at, at + size)));
  }
  return join(...frames);
}

const named = {
  [TEXT]: 'a text', [BINARY]: 'binary', [CLOSE]: 'a close frame', [PING]: 'a ping', [PONG]: 'a pong', 0: 'a continuation',
};

const RESERVED = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [TEXT, PING, CLOSE].map((opcode) => [
  `reserved bits ${bits.toString(2).padStart(3, '0')} in ${named[opcode]}`, only(FIN | (bits << 4) | opcode, NOOP), 1002,
]));

const OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  [`opcode ${opcode}`, only(FIN | opcode), 1002],
  [`opcode ${opcode} with a payload`, only(FIN | opcode, NOOP), 1002],
  [`opcode ${opcode} in the middle of a message`, join(only(TEXT, NOOP), only(FIN | opcode, 'x')), 1002],
]);

const UNMASKED = Object.keys(named).map((opcode) => [
  `${named[opcode]} that is not masked`, only(FIN | opcode, opcode === `${CLOSE}` ? '' : NOOP, { masked: false }), 1002,
]);

const CONTROL = [PING, PONG, CLOSE].flatMap((opcode) => [
  [`${named[opcode]} of 126 bytes`, only(FIN | opcode, Buffer.alloc(126, 'x')), 1002],
  [`${named[opcode]} of 64 KB`, only(FIN | opcode, Buffer.alloc(65_536, 'x')), 1002],
  [`${named[opcode]} that says it has 2^62 bytes`, only(FIN | opcode, '', { length: [64, 2n ** 62n] }), 1002],
  [`${named[opcode]} in fragments`, only(opcode), 1002],
  [`${named[opcode]} in fragments, with its rest`, join(only(opcode, 'ab'), only(FIN, 'c')), 1002],
]);

const PINGS = [
  ...[0, 1, 124, 125].map((size) => [`a ping of ${size} bytes`, only(FIN | PING, Buffer.alloc(size, 7)), { first: FIN | PONG, payload: Buffer.alloc(size, 7) }]),
  ['a pong that nobody asked for', only(FIN | PONG), 'ignored'],
  ['a pong with a payload', only(FIN | PONG, 'hello'), 'ignored'],
  ['ten thousand pongs', join(...Array(10_000).fill(only(FIN | PONG, 'x'))), 'ignored'],
  ['ten thousand pings, the last of which is answered', join(...Array(9_999).fill(only(FIN | PING)), only(FIN | PING, 'last')), { first: FIN | PONG, payload: Buffer.from('last'), among: true }],
  ['a ping between two fragments', join(only(TEXT, QUESTION.slice(0, 4)), only(FIN | PING, 'x'), only(FIN, QUESTION.slice(4))), { first: FIN | PONG, payload: Buffer.from('x'), among: true }],
];

const FRAGMENTS = [
  ['a continuation of nothing', only(FIN, 'x'), 1002],
  ['a continuation of nothing that goes on', only(0, 'x'), 1002],
  ['a continuation behind a whole message', join(only(FIN | TEXT, NOOP), only(FIN, 'x')), 1002],
  ['a text in the middle of a text', join(only(TEXT, NOOP), only(FIN | TEXT, NOOP)), 1002],
  ['a text in the middle of binary', join(only(BINARY, 'x'), only(FIN | TEXT, NOOP)), 1002],
  ['binary in the middle of a text', join(only(TEXT, NOOP), only(FIN | BINARY, 'x')), 1002],
  ['binary in the middle of a text, in fragments', join(only(TEXT, NOOP), only(BINARY, 'x')), 1002],
  ['a message in single bytes', cut(QUESTION, 1), ANSWER],
  ['a message in fragments of nothing but the last', join(only(TEXT), only(0), only(0), only(FIN, QUESTION)), ANSWER],
  ['a message whose last fragment is empty', join(only(TEXT, QUESTION), only(FIN)), ANSWER],
  ['a hundred thousand empty fragments', join(only(TEXT, QUESTION), ...Array(100_000).fill(only(0)), only(FIN)), ANSWER],
  ['an empty text in fragments', join(only(TEXT), only(FIN)), 'goodbye'],
];

const LENGTHS = [
  ['a short length in 16 bits', only(FIN | TEXT, QUESTION, { length: [16, QUESTION.length] }), ANSWER],
  ['a short length in 64 bits', only(FIN | TEXT, QUESTION, { length: [64, QUESTION.length] }), ANSWER],
  ['a length with its highest bit set', only(FIN | TEXT, '', { length: [64, 2n ** 63n] }), 1009],
  ['a length of all bits', only(FIN | TEXT, '', { length: [64, 2n ** 64n - 1n] }), 1009],
  ['a length of 4 GB', only(FIN | BINARY, '', { length: [64, 2n ** 32n] }), 1009],
  ['one byte more than the limit', only(FIN | TEXT, '', { length: [64, LIMIT + 1] }), 1009],
  ['exactly the limit', only(FIN | TEXT, NOOP.padEnd(LIMIT, 'x')), 'ignored'],
  ['fragments beyond the limit', cut(NOOP.padEnd(LIMIT + 1, 'x'), 40_000), 1009],
  ['fragments of the limit', cut(NOOP.padEnd(LIMIT, 'x'), 40_000), 'ignored'],
  ['a last fragment that says it has 2^40 bytes', join(only(TEXT, NOOP), only(FIN, '', { length: [64, 2n ** 40n] })), 1009],
];

// Sequences of RFC 3629: too long, cut short, surrogates, beyond U+10FFFF, bytes that never occur.
const NOT_UTF8 = [
  '80', 'bf', 'c0 80', 'c1 bf', 'c2', 'c3 28', 'e0 80 80', 'e0 9f bf', 'e1 80', 'e2 28 a1', 'e2 82 28', 'ed a0 80', 'ed ad bf',
  'ed ae 80', 'ed bf bf', 'ed a0 80 ed b0 80', 'f0 80 80 80', 'f0 8f bf bf', 'f0 28 8c bc', 'f0 90 28 bc', 'f0 28 8c 28', 'f1 80 80',
  'f4 90 80 80', 'f5 80 80 80', 'f7 bf bf bf', 'f8 88 80 80 80', 'fb bf bf bf bf', 'fc 84 80 80 80 80', 'fe', 'ff', 'fe fe ff ff',
].flatMap((bytes) => {
  const text = Buffer.concat([Buffer.from(NOOP), hex(bytes)]);
  return [
    [`a text with ${bytes}`, only(FIN | TEXT, text), 1007],
    [`a text with ${bytes} before its end`, only(FIN | TEXT, Buffer.concat([text, Buffer.from('abc')])), 1007],
    [`a text with ${bytes} in single bytes`, cut(text, 1), 1007],
    [`a close frame with ${bytes} in its reason`, closing(1000, hex(bytes)), 1007],
  ];
});

// What is right stays right wherever it is cut: the room's name comes back in no answer, but a name
// that is no text would be.
const UTF8 = ['ä', 'κόσμε', '\u0800', '\ud7ff', '\ue000', '\ufffd', '\uffff', '\u{10000}', '\u{10ffff}', '日本語', '👩‍👩‍👧'].flatMap((text) => {
  const question = QUESTION.replace('nobody', text);
  return [1, 2, 3, 5].map((size) => [`"${text}" in fragments of ${size}`, cut(question, size), ANSWER]);
});

const CLOSES = [
  ['a close frame without a code', closing(), 'goodbye'],
  ['a close frame of one byte', only(FIN | CLOSE, 'x'), 1002],
  ['a reason of 123 bytes', closing(1000, 'x'.repeat(123)), 1000],
  ['a reason of 124 bytes', closing(1000, 'x'.repeat(124)), 1002],
  ['a close frame in the middle of a message', join(only(TEXT, NOOP), closing(1000)), 1000],
  ['a message behind a close frame', join(closing(1000), only(FIN | TEXT, QUESTION)), 1000],
  ['a ping behind a close frame', join(closing(1000), only(FIN | PING)), 1000],
  ['two close frames', join(closing(1001), closing(1000)), 1001],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => [`close code ${code}`, closing(code), code]),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => [`close code ${code}, which nobody may send`, closing(code), 1002]),
];

const GARBAGE = [
  ['zeros', Buffer.alloc(1000), 1002],
  ['bytes of all bits', Buffer.alloc(1000, 0xff), 1002],
  ['another request of HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 1002],
  ['a handshake of TLS', hex('16 03 01 00 05 01 00 00 01 00'), 1002],
  ['every frame in one write', join(only(FIN | PONG), only(FIN | TEXT, NOOP), only(FIN | TEXT, QUESTION)), ANSWER],
];

export const cases = [
  ...RESERVED, ...OPCODES, ...UNMASKED, ...CONTROL, ...PINGS, ...FRAGMENTS, ...LENGTHS, ...NOT_UTF8, ...UTF8, ...CLOSES, ...GARBAGE,
];
