// Where the crate answers otherwise than the official packages on purpose, and why.
//
// As in `../deviations.mjs`: a key is the title of a script, `expected` is our whole transcript.

const closed = { closed: 1005, reason: "" };
const UNKNOWN = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };
const answered = (...frames) => [{ answers: frames }];
/** An event that came back by the catch-all listener, and the ack behind it. */
const back = (json) => answered(`42["any","x",${json}]`, "437[null]");
const json = (status, code, message) => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ code, message }),
});
const text = (body) => ({
  status: "HTTP/1.1 400 Bad Request",
  headers: { "content-type": "text/html" },
  body,
  afterwards: "",
});

/** The answer to a poll of 2000 bytes. */
const polled = (headers) => [
  {
    answer: {
      status: 200,
      headers: { "content-type": "text/plain; charset=UTF-8", "cache-control": "no-store", ...headers },
    },
  },
];

const NOT_BASE64 = {
  reason:
    "The official server's decoder takes the alphabet of URLs as well and skips what is of neither; " +
    "here it is a packet that is not the protocol, as any other.",
  expected: [{ post: "ok" }, { poll: UNKNOWN }],
};
const AS_IT_CAME =
  "Arguments stay the JSON text that they came in; the official server parses them and writes them " +
  "anew, which rounds numbers, drops what JavaScript cannot hold and sorts keys that are numbers.";
const ONE_TURN =
  "What one callback emits leaves together when it returns, so a transport that was free before is " +
  "free for all of it; the official server writes each event by itself.";
const IGNORED_FRAME = {
  reason:
    "The official server ignores bytes that begin with no type; text that does closes the connection " +
    "there, and here both do.",
  expected: [{ next: closed }],
};
const NO_BROTLI = {
  reason: "An encoder for brotli would double the size of the binary; gzip comes next.",
  expected: [
    {
      GET: {
        status: 200,
        headers: {
          "cache-control": "public, max-age=0",
          "content-type": "application/javascript; charset=utf-8",
          etag: '"4.8.4"',
          "content-encoding": "gzip",
        },
        body: "a file",
      },
    },
  ],
};
const NO_JSONP = "JSONP is for browsers that cannot ask another site otherwise; there are none left.";

export const deviations = {
  "a switch with the version of another protocol": {
    reason:
      "The official server answers 101 and then writes its refusal into the stream, where no client " +
      "can read it; here it comes before the 101, like all others.",
    expected: ["", "EIO=3&", "EIO=abc&"].map((version) => ({
      [version]: text("Unsupported protocol version"),
    })),
  },
  "an upgrade when upgrades are switched off": {
    reason: "The official server does not offer upgrades then, but takes them; here the setting holds.",
    expected: [{ probe: closed }, { polling: ["ok", ["4x"]] }],
  },
  "binary that is not base64: b_-8=": NOT_BASE64,
  "binary that is not base64: b####": NOT_BASE64,
  "binary that is not base64: bAQI=AQI=": NOT_BASE64,
  "binary that is not base64: bA": NOT_BASE64,
  "base64 in a text frame that is none": { reason: NOT_BASE64.reason, expected: [{ back: closed }] },
  "a close packet in a frame": {
    reason:
      "The official server ignores it over WebSocket, until the heartbeat fails; the client said that " +
      "it is leaving, and it is taken at its word.",
    expected: [{ frames: [closed] }],
  },
  "a poll that waits when the upgrade comes": {
    reason:
      "The official server releases the poll with a close packet, although the session goes on; a noop " +
      "says what is meant, and clients take it just as well.",
    expected: [
      {
        poll: {
          status: 200,
          headers: {
            "content-type": "text/plain; charset=UTF-8",
            "content-length": "1",
            "cache-control": "no-store",
          },
          body: "6",
        },
      },
      { "over WebSocket": "4x" },
    ],
  },
  JSONP: {
    reason: NO_JSONP,
    expected: [
      { "GET 0": json(400, 3, "Bad request") },
      { "GET 12": json(400, 3, "Bad request") },
      { POST: json(400, 3, "Bad request") },
    ],
  },
  "JSONP with version 4": { reason: NO_JSONP, expected: [{ GET: json(400, 3, "Bad request") }] },
  "a switch for polling": {
    reason:
      "The official server opens the WebSocket and closes it again at once; here what is no " +
      "request for a WebSocket is refused before the 101.",
    expected: [
      {
        answer: {
          status: "HTTP/1.1 400 Bad Request",
          headers: { "content-type": "text/html" },
          body: "Bad request",
        },
      },
    ],
  },
  "a switch to a path that is not ours": {
    reason:
      "The official server leaves it to others in the process, and closes the connection if nobody " +
      "answers for a while; here there is one that answers for all other paths.",
    expected: [{ answer: "HTTP/1.1 404 Not Found" }],
  },
  "an upgrade that comes when the server has closed": {
    reason:
      "The official server lets the upgrade finish and closes the WebSocket then; here a session that " +
      "was closed is not upgraded any more, and the next poll says so.",
    expected: [{ probe: "3probe" }, { post: "ok" }, { socket: closed }, { poll: ["6", "1"] }],
  },
  'the encoding for "x-gzip"': {
    reason: "It is another name for gzip (RFC 9110 section 8.4.1.3).",
    expected: polled({ "content-encoding": "gzip" }),
  },
  "what a file varies by": {
    reason: "Caches on the way must know that the answer depends on what the client decodes.",
    expected: [{ vary: "Accept-Encoding" }],
  },
  'a file in the encoding for "br, gzip, deflate"': NO_BROTLI,
  'a file in the encoding for "*"': NO_BROTLI,
  "a frame of version 3 with no bytes": IGNORED_FRAME,
  "a frame of version 3 with bytes of an unknown type": IGNORED_FRAME,
  "a frame of version 3 with bytes of a type in letters": IGNORED_FRAME,
  "volatile events over WebSocket that is busy": {
    reason: ONE_TURN,
    expected: [
      { frames: ['42["v",1]', '42["v",2]', '42["v",3]', "431[]"] },
      { "and free again": ['42["v",1]', "432[]"] },
    ],
  },
  "a volatile event with binary is dropped as a whole": {
    reason: ONE_TURN,
    expected: [
      {
        frames: [
          '42["kept"]',
          '451-["lost",{"_placeholder":true,"num":0}]',
          { binary: [1, 2, 3] },
          '42["kept"]',
          "431[]",
        ],
      },
    ],
  },
  "a volatile event over polling while a poll waits": {
    reason: ONE_TURN,
    expected: [{ poll: ['42["v",1]', '42["v",2]'] }, { next: ["431[null]"] }],
  },
  "a broadcast to one who leaves": {
    reason:
      "The official server waits for the time-out; here a receiver that has left is known not to " +
      "answer any more, and if the others have, the asker is told at once.",
    expected: [{ answers: '42/dyn-<0>,["answers","socket has been disconnected",["one"]]' }],
  },
  "taken: one attachment in two places": {
    reason:
      "The official server sends the bytes twice, as two attachments; here they go on as one that " +
      "both places mean.",
    expected: answered(
      '451-["any","x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]',
      { binary: [7] },
      "437[null]",
    ),
  },
  "two CONNECTs race for one namespace": {
    reason:
      "The official server closes the connection, or gives the client two sockets in one namespace, as " +
      "the reads fall; here the second CONNECT closes, as it does when the first has been answered.",
    unsteady: true,
    expected: [{ first: '40/mw,{"sid":"<sid 2>"}' }, { second: closed }],
  },
  "a placeholder with a fraction": {
    reason:
      "The official server finds no attachment of that number and passes nothing on; it refuses any " +
      "other number that is out of range, and so are fractions here.",
    expected: answered(closed),
  },
  "back: a large integer": { reason: AS_IT_CAME, expected: back("12345678901234567890123") },
  "back: a number beyond a double": { reason: AS_IT_CAME, expected: back("1e400") },
  "back: a number in another writing": { reason: AS_IT_CAME, expected: back("[1.500,1E2,-0,0.1e1]") },
  "back: white space": { reason: AS_IT_CAME, expected: back('{ "a" : [ 1 , 2 ] }') },
  "back: escapes that need not be": { reason: AS_IT_CAME, expected: back('"\\u0061\\/\\u00e4"') },
  "back: a key twice": { reason: AS_IT_CAME, expected: back('{"a":1,"a":2}') },
  "back: keys that are numbers": { reason: AS_IT_CAME, expected: back('{"2":"b","1":"a"}') },
  "a pid that has been used": {
    reason:
      "The official server lets two sockets with one id into a namespace; here a pid is for one return, " +
      "and who comes with it again is new.",
    expected: [
      { first: ['40/dyn-<0>,{"sid":"<sid 2>","pid":"<pid 1>"}'] },
      { second: ['40/dyn-<0>,{"sid":"<sid 7>","pid":"<pid 3>"}'] },
    ],
  },
};
