// The packets of Socket.IO 5: which are taken, which close the connection, and how values travel.
import { differential } from "../support/differential.mjs";

/** An event that is always acked, to see that a connection still is there and in order. */
const ASK = '427["get","nothing"]';
const isAnswer = (frame) => String(frame).startsWith("437");

/**
 * Sends `frames` on a WebSocket that has joined the main namespace (and `more`), and tells all up to
 * its end or `ASK`'s answer.
 */
async function answers(wire, frames, ...more) {
  const socket = await wire.member();
  for (const namespace of more) await wire.join(socket, namespace);
  for (const frame of [...frames, ASK]) socket.send(frame);
  wire.say("answers", await socket.receiveUntil(isAnswer));
}

const bytes = (...values) => Buffer.from(values);
const HOLDER = '{"_placeholder":true,"num":0}';
const deep = (levels) => `${"[".repeat(levels)}1${"]".repeat(levels)}`;

differential("differential: packets that are taken", "wire", (script) => {
  const taken = {
    "an event": ['42["x"]'],
    "an event with arguments": ['42["x",1,"two",null,true,{"a":[1]},[]]'],
    "no payload at all": ["42"],
    "no payload but an ack id": ["425"],
    "a number as the name": ['42[1,"x"]'],
    "a name that is empty": ['42[""]'],
    "the main namespace by name": ['42/,["x"]', '42/,5["x"]'],
    "an ack id with zeros before it": ['42007["get","x"]'],
    "a large ack id": ['424294967295["get","x"]', '429007199254740991["get","x"]'],
    "an event that asks for an ack without id 0": ['420["x"]'],
    "white space in and around the JSON": ['42[ "x" , 1 ]  \n'],
    "escapes in the name": ['42["\\u0078"]'],
    "an ack that nobody waits for": ["430[]", '4399["a",{}]', "43[]"],
    "an ack without payload": ["430"],
    "a placeholder look-alike": [`42["x",${HOLDER}]`],
    "a name of objects": ['42["__proto__"]', '42["constructor",1]', '42["toString"]'],
    "deep nesting": [`42["x",${deep(100)}]`],
    "many arguments": [`42["x",${Array.from({ length: 200 }, (_, n) => n)}]`],
  };
  for (const [title, frames] of Object.entries(taken)) {
    script(`taken: ${title}`, (wire) => answers(wire, frames));
  }

  script("taken: another namespace", (wire) => answers(wire, ['42/mw,3["auth"]'], "/mw"));

  script("taken: binary, once and nested, in order of depth", async (wire) => {
    const event = '453-["x",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1},"b":[{"_placeholder":true,"num":2}]}]';
    await answers(wire, [event, bytes(1), bytes(2, 3), bytes()]);
  });
  script("taken: binary with an ack id and a namespace", (wire) =>
    answers(wire, [`451-/mw,5["x",${HOLDER}]`, bytes(1, 2)], "/mw"));
  script("taken: placeholders in another order", (wire) =>
    answers(wire, ['452-["x",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', bytes(1), bytes(2)]));
  script("taken: one attachment in two places", (wire) =>
    answers(wire, [`451-["x",${HOLDER},${HOLDER}]`, bytes(7)]));
  script("taken: an attachment that is not used", (wire) => answers(wire, ['451-["x"]', bytes(7)]));
  script("taken: ten attachments", (wire) => {
    const holders = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
    const event = `4510-${JSON.stringify(["x", ...holders])}`;
    return answers(wire, [event, ...holders.map(({ num }) => bytes(num))]);
  });
  script("taken: keys beside a placeholder's", (wire) =>
    answers(wire, ['451-["x",{"_placeholder":true,"num":0,"more":1}]', bytes(1)]));
  script("taken: a placeholder that is false", (wire) =>
    answers(wire, ['451-["x",{"_placeholder":false,"num":0}]', bytes(1)]));
});

differential("differential: packets that close", "wire", (script) => {
  const closing = {
    "an unknown type": ["47"],
    "a type that is a letter": ["4abc"],
    "no type": ["4"],
    "JSON that is cut": ['42["a"'],
    "text after the JSON": ['42["a"]x'],
    "an event that is an object": ['42{"a":1}'],
    "an event that is a text": ['42"a"'],
    "an event that is null": ["42null"],
    "an event that is empty": ["42[]"],
    "a name that is null": ["42[null]"],
    "a name that is an object": ["42[{}]"],
    "a name that is an array": ['42[["a"]]'],
    "a name that is true": ["42[true]"],
    "the name connect": ['42["connect"]'],
    "the name connect_error": ['42["connect_error"]'],
    "the name disconnect": ['42["disconnect"]'],
    "the name disconnecting": ['42["disconnecting","x"]'],
    "the name newListener": ['42["newListener"]'],
    "the name removeListener": ['42["removeListener"]'],
    "an ack id with a point": ['421.5["a"]'],
    "an ack id with a sign": ['42-1["a"]'],
    "letters for an ack id": ["42abc[]"],
    "an ack id with letters": ['421a["a"]'],
    "an ack that is an object": ["430{}"],
    "an ack that is a text": ['430"a"'],
    "an ack that is cut": ["430["],
    "a disconnect with an object": ["41{}"],
    "a disconnect with an array": ["41[]"],
    "a namespace without a comma": ['42/mw["x"]'],
    "a single quote for a double one": ["42['x']"],
    "a comma too many": ['42["x",]'],
    "not a number": ['42["x",NaN]'],
    "no count of attachments": ['45["x"]'],
    "a count of attachments without a minus": [`451["x",${HOLDER}]`],
    "no attachments": ['450-["x"]', ASK],
    "a negative count of attachments": ['45-1-["x"]'],
    "a count of attachments with a point": [`451.5-["x",${HOLDER}]`, bytes(1)],
    "a count of attachments that is a letter": [`45x-["x",${HOLDER}]`],
    "eleven attachments": [`4511-["x",${HOLDER}]`, bytes(1)],
    "very many attachments": [`45999999999-["x",${HOLDER}]`, bytes(1)],
    "text while attachments are due": [`451-["x",${HOLDER}]`, "42[1]"],
    "an ack while attachments are due": [`451-["x",${HOLDER}]`, "430[]"],
    "binary that nobody waits for": [bytes(1)],
    "a placeholder out of range": ['451-["x",{"_placeholder":true,"num":1}]', bytes(1)],
    "a placeholder with a sign": ['451-["x",{"_placeholder":true,"num":-1}]', bytes(1)],
    "a placeholder with a text": ['451-["x",{"_placeholder":true,"num":"0"}]', bytes(1)],
    "a placeholder without a number": ['451-["x",{"_placeholder":true}]', bytes(1)],
    "a binary ack that is an object": [`461-0{"a":${HOLDER}}`, bytes(1)],
    "a placeholder as the name": [`451-[${HOLDER}]`, bytes(1)],
  };
  for (const [title, frames] of Object.entries(closing)) {
    script(`closes: ${title}`, (wire) => answers(wire, frames));
  }

  script("closes: binary once too often", async (wire) => {
    const socket = await wire.member();
    socket.send(`451-["x",${HOLDER}]`);
    socket.send(bytes(1));
    wire.say("event", [await socket.receive(), await socket.receive()]);
    socket.send(bytes(2));
    wire.say("end", await socket.receive());
  });

  script("a placeholder with a fraction", (wire) =>
    answers(wire, ['451-["x",{"_placeholder":true,"num":0.5}]', bytes(1)]));

  script("closes over polling as over WebSocket", async (wire) => {
    for (const body of ["47", '42{"a":1}', "41{}", "bAQI="]) {
      const session = await wire.joined();
      wire.say(body, [await session.post(body), await session.poll(), await session.poll()]);
    }
  });
});

differential("differential: values on their way", "wire", (script) => {
  const values = {
    "letters beyond ASCII as they are": '"ä 日本語 🎥"',
    "control characters as escapes": '"\\u0000\\b\\f\\n\\r\\t\\"\\\\"',
    "line separators": '"\u2028\u2029"',
    "keys in their order": '{"b":1,"a":2,"c":{"z":0,"y":0}}',
    "an empty key": '{"":""}',
    "numbers": "[0,-1,1.5,9007199254740991]",
    "the words of JSON": "[true,false,null]",
    "a large integer": "12345678901234567890123",
    "a number beyond a double": "1e400",
    "a number in another writing": "[1.500,1E2,-0,0.1e1]",
    "white space": '{ "a" : [ 1 , 2 ] }',
    "escapes that need not be": '"\\u0061\\/\\u00e4"',
    "half a surrogate pair": '"\\ud83c"',
    "a key twice": '{"a":1,"a":2}',
    "a key __proto__": '{"__proto__":{"x":1}}',
    "keys that are numbers": '{"2":"b","1":"a"}',
  };
  for (const [title, json] of Object.entries(values)) {
    script(`back: ${title}`, (wire) => answers(wire, [`42["x",${json}]`]));
  }

  script("a character cut over chunks of a post survives", async (wire) => {
    const session = await wire.joined();
    const chunks = [...Buffer.from('421["ä日🎥","Ω"]')].map((byte) => Buffer.from([byte]));
    wire.say("post", await session.post(undefined, { chunks }));
    wire.say("poll", await session.pollPackets(2));
  });

  script("binary over polling, both ways", async (wire) => {
    const session = await wire.joined();
    await session.post(`451-1["x",${HOLDER}]\u001ebAQID`);
    wire.say("poll", await session.pollPackets(4));
    await session.post('42["picture"]');
    wire.say("picture", await session.pollPackets(4));
  });

  script("binary over WebSocket from the server, nested", async (wire) => {
    const socket = await wire.member();
    socket.event(["picture"], 3);
    wire.say("frames", await socket.receiveUntil((frame) => String(frame).startsWith("433")));
  });

  script("to a polling and to a WebSocket client alike", async (wire) => {
    const namespace = wire.namespace();
    const session = await wire.joined(namespace);
    const socket = await wire.member(namespace);
    socket.send(`451-${namespace},["cast",{"all":true},"hello",{"_placeholder":true,"num":0}]`);
    socket.send(bytes(1, 2, 3));
    wire.say("WebSocket", [await socket.receive(), await socket.receive()]);
    wire.say("polling", await session.pollPackets(2));
  });
});
