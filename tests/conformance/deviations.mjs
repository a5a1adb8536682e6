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
