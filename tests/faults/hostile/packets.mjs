// Packets of Engine.IO and Socket.IO that are none, or that come at the wrong time. What is allowed and
// what closes is the official server's (tests/conformance compares the two); here they come in number,
// beside a call, and with extremes.
//
// A case is as in frames.mjs. What is sent is a list of WebSocket messages: a string is a text, anything
// else binary. `fresh` cases are sent before the client has joined the main namespace.

const many = (count, part) => part.repeat(count);
const deep = (count) => `42["x",${many(count, '[')}${many(count, ']')}]`;

/** Engine.IO. */
const ENGINE = [
  ['letters', ['abc'], 'goodbye'],
  ['nothing', [''], 'goodbye'],
  ['a type that is none', ['9'], 'goodbye'],
  ['a type beyond ASCII', ['é'], 'goodbye'],
  ['a control character', ['\u0001'], 'goodbye'],
  ['a ping, which is the server\'s', ['2'], 'goodbye'],
  ['a probe on a session without an upgrade', ['2probe'], 'goodbye'],
  ['base64 that is none', ['b***'], 'goodbye'],
  ['base64 of a padding alone', ['b===='], 'goodbye'],
  ['base64 of bytes that nobody waits for', ['bAQI='], 'goodbye'],
  ['bytes that nobody waits for', [Buffer.from([1, 2, 3])], 'goodbye'],
  ['no bytes that nobody waits for', [Buffer.alloc(0)], 'goodbye'],
  ['a close packet', ['1'], 'goodbye'],
  ['a close packet with more', ['1abc'], 'goodbye'],
  ['an open packet', ['0{"sid":"x"}'], 'ignored'],
  ['an open packet of nothing', ['0'], 'ignored'],
  ['a pong that nobody asked for', ['3'], 'ignored'],
  ['a pong with more', ['3probe'], 'ignored'],
  ['an upgrade of nothing', ['5'], 'ignored'],
  ['a noop', ['6'], 'ignored'],
  ['a thousand noops', Array(1000).fill('6'), 'ignored'],
  ['a thousand pongs', Array(1000).fill('3'), 'ignored'],
  ['an empty message', ['4'], 'goodbye'],
];

/** Socket.IO before a namespace is joined. */
const FRESH = [
  ['an event before any namespace', ['42["join","x"]'], 'goodbye'],
  ['an ack before any namespace', ['430[]'], 'goodbye'],
  ['a disconnect before any namespace', ['41'], 'goodbye'],
  ['binary before any namespace', ['451-["x",{"_placeholder":true,"num":0}]', Buffer.from([1])], 'goodbye'],
  ['a connect error, which is the server\'s', ['44{"message":"x"}'], 'goodbye'],
  ...['[]', 'null', '"s"', 'true', '{', '{"a":}', '{}x', '{"a":1,}', '\u0000'].map((auth) => [`auth that is ${JSON.stringify(auth)}`, [`40${auth}`], 'goodbye']),
  ['auth of 100 KB', [`40{"seat":"${many(100_000, 'a')}"}`], /^40\{"sid"/],
  ['auth with a seat that is a number', ['40{"seat":7}'], /^40\{"sid"/],
  ['auth with a seat that is a list', ['40{"seat":["a"]}'], /^40\{"sid"/],
  ['auth with a prototype', ['40{"__proto__":{"seat":1},"constructor":{}}'], /^40\{"sid"/],
  ['auth a hundred thousand deep', [`40{"a":${many(60_000, '[')}${many(60_000, ']')}}`], 'goodbye'],
  ['a namespace that is none', ['40/nothing,'], /^44\/nothing,\{"message":"Invalid namespace"\}$/],
  ['a namespace of 100 KB', [`40/${many(100_000, 'n')},`], /^44\/n+,\{"message":"Invalid namespace"\}$/],
  ['a namespace of a prototype', ['40/__proto__,'], /^44\/__proto__,\{"message":"Invalid namespace"\}$/],
  ['a namespace of dots', ['40/../,'], /^44\/\.\.\/,\{"message":"Invalid namespace"\}$/],
  ['a namespace with a query', ['40/?a=1,'], /^44\/\?a=1,\{"message":"Invalid namespace"\}$/],
];

/** Socket.IO in the main namespace. */
const PACKETS = [
  ['a type that is none', ['47'], 'goodbye'],
  ['a type of letters', ['4abc'], 'goodbye'],
  ['a second connect', ['40'], 'goodbye'],
  ['an event for another namespace', ['42/other,["x"]'], 'goodbye'],
  ['an ack for another namespace', ['43/other,1[]'], 'goodbye'],
  ['a disconnect of another namespace', ['41/other,'], 'goodbye'],
  ['a disconnect with a payload', ['41{}'], 'goodbye'],
  ['a connect error', ['44{}'], 'goodbye'],
  ['an event that is an object', ['42{}'], 'goodbye'],
  ['an event that is a text', ['42"x"'], 'goodbye'],
  ['an event of nothing', ['42[]'], 'goodbye'],
  ['an event without a name', ['42[{}]'], 'goodbye'],
  ['an event named null', ['42[null]'], 'goodbye'],
  ['an event named true', ['42[true]'], 'goodbye'],
  ['an event named by a list', ['42[["x"]]'], 'goodbye'],
  ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map((name) => [`an event named ${name}`, [`42["${name}"]`], 'goodbye']),
  ['a reserved name in escapes', ['42["\\u0063onnect"]'], 'goodbye'],
  ['an ack that is an object', ['430{}'], 'goodbye'],
  ['an ack of nothing', ['430'], 'ignored'],
  ['an ack that nobody asked for', ['43123[1]'], 'ignored'],
  ['an ack with an id of 100 digits', [`43${many(100, '9')}[1]`], 'goodbye'],
  ['an event with an id of 100 digits', [`42${many(100, '9')}["leave","x"]`], 'goodbye'],
  ['an id below nothing', ['42-1["x"]'], 'goodbye'],
  ['an id with a point', ['421.5["x"]'], 'goodbye'],
  ['an id of letters', ['42abc["x"]'], 'goodbye'],
  ...['{', '[', '["x"', '["x",]', '["x" "y"]', '["x",01]', '["x",+1]', '["x",.5]', '["x",1.]', '["x",1e]', '["x",nul]', '["x",NaN]', '["x",Infinity]',
    "['x']", '["x",undefined]', '["x",{a:1}]', '["x",{"a"}]', '["x",{"a":1,}]', '["x"]]', '["x"]x', '["x","\\x41"]', '["x","\\u12"]', '["x","\\ud8"]',
    '["x","a\tb"]', '["x","a\nb"]', '["x","\u0000"]', '["x",//\n1]', '["x",/* */1]', '\ufeff["x"]'].map((json) => [`JSON that is none: ${JSON.stringify(json)}`, [`42${json}`], 'goodbye']),
  ...['["leave","\\ud800"]', '["leave", "x" ]', '["leave","x",1e400]', '["leave","x",-0]', `["leave","x",${many(1000, '9')}]`, '["leave","x",{"__proto__":{"a":1},"a":1,"a":2}]',
    '["leave","x",1E+2,1.5e-3]', '["leave","\\u006e\\/\\b\\f\\n\\r\\t\\"\\\\"]'].map((json) => [`JSON that is odd: ${json.slice(0, 60)}`, [`427${json}`], /^437\[|^42\["room-error"/]),
  ['lists a hundred deep', [deep(100)], 'ignored'],
  ['lists sixty thousand deep', [deep(60_000)], 'goodbye'],
  ['objects twenty thousand deep', [`42["x",${many(20_000, '{"a":')}1${many(20_000, '}')}]`], 'goodbye'],
  ['ten thousand arguments', [`42["x"${many(10_000, ',1')}]`], 'ignored'],
  ['a name of 100 KB', [`42["${many(100_000, 'n')}"]`], 'ignored'],
  ['a name of nothing', ['42[""]'], 'ignored'],
  ['a name of a prototype', ['42["__proto__",{}]'], 'ignored'],
  ['an event named by a number', ['42[7,"x"]'], 'ignored'],
  ['an event that nobody knows', ['42["hello"]'], 'ignored'],
  ['white space behind an event', ['421["leave","x"]   '], /^431/],
];

const place = (num) => `{"_placeholder":true,"num":${num}}`;
/** Binary. */
const BINARY = [
  ...['45["x"]', '450-["x"]', '45-["x"]', '45-1-["x"]', '451.5-["x"]', '45x-["x"]', `4511-["x",${place(0)}]`, `45${many(50, '9')}-["x"]`].map((head) => [`a count of attachments in ${head.slice(0, 30)}`, [head], 'goodbye']),
  ['an attachment with a number below nothing', [`451-["x",${place(-1)}]`, Buffer.from([1])], 'goodbye'],
  ['an attachment with a number beyond all', [`451-["x",${place(9)}]`, Buffer.from([1])], 'goodbye'],
  ['an attachment with a number of letters', ['451-["x",{"_placeholder":true,"num":"0"}]', Buffer.from([1])], 'goodbye'],
  ['a text while attachments are due', [`451-["x",${place(0)}]`, '42["x"]'], 'goodbye'],
  ['a second event while attachments are due', [`452-["x",${place(0)},${place(1)}]`, Buffer.from([1]), `451-["x",${place(0)}]`], 'goodbye'],
  ['an attachment more than was said', [`451-["x",${place(0)}]`, Buffer.from([1]), Buffer.from([2])], 'goodbye'],
  ['an attachment in two places', [`451-["x",${place(0)},${place(0)}]`, Buffer.from([1])], 'ignored'],
  ['an attachment that is not used', ['451-["x"]', Buffer.from([1])], 'ignored'],
  ['ten attachments of nothing', [`4510-["x",${[...Array(10).keys()].map(place)}]`, ...Array(10).fill(Buffer.alloc(0))], 'ignored'],
  ['binary where the room server takes none', [`451-7["leave",${place(0)}]`, Buffer.from([1])], /^42\["room-error",\{"code":"bad-arguments"/],
];

const error = (code) => new RegExp(`^437\\[\\{"error":\\{"code":"${code}"`);
/** The events of the room server, in all the ways that are wrong. */
const ROOMS = [
  ...['7', 'null', 'true', '[]', '{}', '["a"]', '{"toString":1}'].flatMap((room) => ['join', 'leave', 'ready'].map((event) => [
    `${event} with ${room} for a room`, [`427["${event}",${room}]`], /^42\["room-error",\{"code":"bad-arguments"/,
  ])),
  ...[['""', 'empty-name'], ['"   "', 'empty-name'], [`"${many(65, 'x')}"`, 'long-name'], [`"${many(33, 'é')}"`, 'long-name'], [`"${many(100_000, 'x')}"`, 'long-name'],
    ['"a\\u0000b"', 'control-character'], ['"a\\u007fb"', 'control-character'], ['"\\n"', 'empty-name|control-character'], ['"a\\u0085b"', 'control-character']].map(([room, code]) => [
    `join with ${room.slice(0, 40)}`, [`427["join",${room}]`], new RegExp(`^42\\["room-error",\\{"code":"(?:${code})"`),
  ]),
  ...['join', 'leave', 'ready', 'offer', 'answer', 'candidate'].map((event) => [`${event} with nothing`, [`427["${event}"]`], /^42\["room-error",\{"code":"bad-arguments"/]),
  ...['offer', 'answer', 'candidate'].map((event) => [`${event} without its room`, [`427["${event}",{}]`], /^42\["room-error",\{"code":"bad-arguments"/]),
  ...['ready', 'leave'].map((event) => [`${event} for a room that one is not in`, [`427["${event}","elsewhere"]`], error('not-seated')]),
  ...['offer', 'answer', 'candidate'].map((event) => [`${event} for a room that one is not in`, [`427["${event}",{},"elsewhere"]`], error('not-seated')]),
  ...['null', '7', '"x"', '[]', '{"resume":"yes"}', '{"resume":7}', '{"resume":true,"resume":false}'].map((options, at) => [
    `join with ${options} for options`, [`427["join","options ${at}",${options}]`], /^42\["created"\]/,
  ]),
  ['a room named as a socket\'s id', ['427["join","AAAAAAAAAAAAAAAAAAAA"]'], /^42\["created"\]/],
  ['an id in an answer that is the server\'s', ['427["candidate",1,"elsewhere",2,3]'], /^437|room-error/],
];

export const cases = [...ENGINE, ...PACKETS, ...BINARY, ...ROOMS];
export const fresh = FRESH;
