// Where Parlor answers otherwise than the official server on purpose, and why.
//
// A key is the title of a script of the wire tests. `expected` is Parlor's whole transcript
// there, so that a deviation is as exact as an agreement; a script that is listed here and agrees
// after all fails, so that the list cannot go stale.

const offered = (json) => [{ "the other gets": `42["offer",${json}]` }];
const AS_IT_CAME =
  "Parlor relays a payload as the JSON text that it came in; the official server parses it " +
  "and writes it anew, which rounds numbers and drops what JavaScript cannot hold.";

export const deviations = {
  "a payload of binary that is not base64": {
    reason:
      "The official server's decoder skips what is not base64 and finds binary that nobody waits " +
      "for; Parlor calls it a payload that is not the protocol, as any other, and closes at once.",
    expected: [
      { post: "ok" },
      { afterwards: { status: 400, body: '{"code":1,"message":"Session ID unknown"}' } },
      { "the other sees": ['42["leave"]'] },
      { "and then": { status: 400, body: '{"code":1,"message":"Session ID unknown"}' } },
    ],
  },
  "a poll that waits when the upgrade comes without a probe": {
    reason:
      "The official server releases the poll with a close packet, although the session goes on; " +
      "Parlor says noop, which is what it means and what clients take just as well.",
    expected: [
      { poll: ["6"] },
      { "over WebSocket": '431[{"error":{"code":"<code>","message":"<words>"}}]' },
    ],
  },
  "relayed: a large integer": { reason: AS_IT_CAME, expected: offered("12345678901234567890123") },
  "relayed: a number beyond a double": { reason: AS_IT_CAME, expected: offered("1e400") },
  "relayed: a decimal with zeros at its end": { reason: AS_IT_CAME, expected: offered("1.500") },
  "relayed: white space inside": { reason: AS_IT_CAME, expected: offered('{ "a" : [ 1 , 2 ] }') },
  "relayed: escapes that need not be": {
    reason: AS_IT_CAME,
    expected: offered('"\\u0061\\/\\u00e4"'),
  },
  "relayed: a key twice": { reason: AS_IT_CAME, expected: offered('{"a":1,"a":2}') },
};
