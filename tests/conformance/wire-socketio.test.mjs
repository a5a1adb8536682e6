// Socket.IO 5 on the bare wire: connecting, packets, acks, attachments and what is refused.
import { compare } from "./support/compare.mjs";

/** An event that is always answered, to see that a connection still is there and in order. */
const ASK = '427["leave","nowhere"]';

/** Sends `frames` on a WebSocket that has joined, and tells all up to its end or `ASK`'s answer. */
function answersTo(script, title, frames) {
  script(title, async (wire) => {
    const socket = await wire.joinedSocket();
    for (const frame of [...frames, ASK]) socket.send(frame);
    wire.say("answers", await socket.receiveUntil(isAnswer));
  });
}

/**
 * The same for a WebSocket that has joined nothing: each frame is sent when the one before it was
 * answered, because the official server takes a while to connect and closes on what is early.
 */
function answersBeforeJoining(script, title, frames) {
  script(title, async (wire) => {
    const socket = await wire.socket();
    await socket.receive();
    for (const frame of frames) {
      socket.send(frame);
      const answer = await socket.receive();
      wire.say("answer", answer);
      if (answer.closed) return;
    }
    socket.send(ASK);
    wire.say("and then", await socket.receiveUntil(isAnswer));
  });
}

const isAnswer = (frame) => String(frame).startsWith("437");

compare("connecting to a namespace", (script) => {
  const answered = {
    "the main one": ["40"],
    "the main one by name": ["40/"],
    "the main one by name and comma": ["40/,"],
    "with auth": ['40{"token":"ä"}'],
    "by name and with auth": ['40/,{"token":1}'],
    "with white space after the auth": ['40{"token":1} '],
    "one that is unknown": ["40/zzz"],
    "one that is unknown, with comma": ["40/zzz,"],
    "one that is unknown, with auth": ['40/zzz,{"a":1}'],
    "one that is unknown, with query": ["40/?a=1"],
    "an unknown one and then the main one": ["40/zzz", "40"],
    "auth that is an array": ["40[]"],
    "auth that is null": ["40null"],
    "auth that is a string": ['40"s"'],
    "auth that is a number": ["401"],
    "auth that is no JSON": ["40{"],
    "a comma alone": ["40,"],
    "an event before it": ['42["join","a"]'],
    "an ack before it": ["430[]"],
    "a disconnect before it": ["41"],
    "a connect error from the client": ['44{"message":"x"}'],
    "binary before it": [Buffer.from([1])],
  };
  for (const [title, frames] of Object.entries(answered)) {
    answersBeforeJoining(script, `connect: ${title}`, frames);
  }
  answersTo(script, "connect: twice", ["40"]);

  script("connect: ids are fresh, and not the session's", async (wire) => {
    const socket = await wire.socket();
    const [open] = [JSON.parse((await socket.receive()).slice(1))];
    socket.send("40");
    const { sid, ...more } = JSON.parse((await socket.receive()).slice(2));
    wire.say("the same", sid === open.sid);
    wire.say("shape", /^[\w-]{20}$/.test(sid));
    wire.say("beside it", more);
  });

  script("connect: over polling, bad auth", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post("40"));
    wire.say("poll", await session.poll());
    wire.say("post of an unknown one", await session.post("40/zzz"));
    wire.say("poll", await session.poll());
    wire.say("post of bad auth", await session.post("40[]"));
    wire.say("afterwards", await session.poll());
    wire.say("and then", await session.poll());
  });

  script("connect: leave the namespace and join it again", async (wire) => {
    const other = await wire.witness("again");
    const socket = await wire.witness("again");
    socket.send("41");
    await wire.seesLeave(other);
    socket.send("40");
    wire.say("again", await socket.receive());
    socket.send(ASK);
    wire.say("answer", await socket.receive());
  });

  script("connect: an event after leaving the namespace", async (wire) => {
    const other = await wire.witness("left");
    const socket = await wire.witness("left");
    socket.send("41");
    await wire.seesLeave(other);
    socket.send(ASK);
    wire.say("end", await socket.receive());
  });
});

compare("packets that are taken", (script) => {
  const taken = {
    "no payload": ["42"],
    "a number as the name": ['42[1,"x"]'],
    "an unknown name": ['42["nothing of ours",{"a":1}]'],
    "the main namespace by name": ['42/,["leave","nowhere"]', '42/,5["leave","nowhere"]'],
    "an ack id with leading zeros": ['42007["leave","nowhere"]'],
    "a large ack id": ['424294967295["leave","nowhere"]'],
    "white space in and after the JSON": ['425[ "leave" , "nowhere" ]  \n'],
    "escapes in the name": ['425["l\\u0065ave","nowhere"]'],
    "an ack that nobody waits for": ["430[]"],
    "an ack of arguments that nobody waits for": ['4399["a",{}]'],
    "an ack without id": ["43[]"],
    "an ack without payload": ["430"],
    "a placeholder that is none": ['425["leave",{"_placeholder":true,"num":0}]'],
  };
  for (const [title, frames] of Object.entries(taken)) {
    answersTo(script, `taken: ${title}`, frames);
  }
});

compare("packets that close", (script) => {
  const closing = {
    "an unknown type": ["47"],
    "a letter as the type": ["4abc"],
    "an event that is no JSON": ['42["a"'],
    "an event with text after the JSON": ['42["a"]x'],
    "an event that is an object": ['42{"a":1}'],
    "an event that is a string": ['42"a"'],
    "an event that is null": ["42null"],
    "an event that is empty": ["42[]"],
    "a name that is null": ["42[null]"],
    "a name that is an object": ["42[{}]"],
    "a name that is an array": ['42[["a"]]'],
    "a name that is true": ["42[true]"],
    "an ack id with a point": ['421.5["a"]'],
    "an ack id with a sign": ['42-1["a"]'],
    "an ack id and letters": ["42abc[]"],
    "an ack that is an object": ["430{}"],
    "an ack that is a string": ['430"a"'],
    "an ack that is no JSON": ["430["],
    "an event of another namespace": ['42/zzz,["a"]'],
    "an ack of another namespace": ["43/zzz,0[]"],
    "a disconnect of another namespace": ["41/zzz,"],
    "a connect error": ['44{"message":"x"}'],
    "a disconnect with payload": ["41{}"],
  };
  for (const name of [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ]) {
    closing[`the reserved name ${name}`] = [`42["${name}"]`];
  }
  for (const [title, frames] of Object.entries(closing)) {
    answersTo(script, `closing: ${title}`, frames);
  }
});

compare("attachments", (script) => {
  const bytes = Buffer.from([1, 2, 3]);
  const holder = (num) => `{"_placeholder":true,"num":${num}}`;
  const event = (count, ...nums) => `45${count}-["nothing",${nums.map(holder).join(",")}]`;
  const cases = {
    "one": [event(1, 0), bytes],
    "none, by count": [event(0)],
    "no count": [`45-["nothing",${holder(0)}]`, bytes],
    "no dash": [`451["nothing",${holder(0)}]`, bytes],
    "a negative count": [`45-1-["nothing",${holder(0)}]`, bytes],
    "a fractional count": [`451.5-["nothing",${holder(0)}]`, bytes],
    "a count of ten": [event(10, 0), ...Array(10).fill(bytes)],
    "a count of eleven": [event(11, 0), ...Array(11).fill(bytes)],
    "a huge count": [event("99999999999999999999", 0), bytes],
    "one too many": [event(1, 0), bytes, bytes],
    "text while one is due": [event(1, 0), '42["a"]'],
    "an ack while one is due": [event(1, 0), "430[]"],
    "one placeholder used twice": [event(1, 0, 0), bytes],
    "one unused": [event(2, 0), bytes, bytes],
    "a number out of range": [event(1, 1), bytes],
    "a negative number": [event(1, -1), bytes],
    "a number that is text": [event(1, '"0"'), bytes],
    "empty bytes": [event(1, 0), Buffer.alloc(0)],
    "base64 as the attachment": [event(1, 0), "bAQI="],
    "a binary ack that nobody waits for": [`461-0[${holder(0)}]`, bytes],
  };
  for (const [title, frames] of Object.entries(cases)) {
    answersTo(script, `attachments: ${title}`, frames);
  }

  script("attachments: a binary offer is relayed", async (wire) => {
    const other = await wire.witness("binary");
    const socket = await wire.joinedSocket();
    socket.send('421["join","binary"]');
    await socket.receiveUntil((frame) => String(frame).startsWith("431"));
    socket.send(`451-["offer",{"sdp":${holder(0)}},"binary"]`);
    socket.send(bytes);
    wire.say("the other gets", [await other.receive(), await other.receive()]);
  });
});

compare("what is relayed", (script) => {
  /** What the other person gets on the wire for an offer of this JSON text. */
  async function relayed(wire, room, json) {
    const other = await wire.witness(room);
    const socket = await wire.joinedSocket();
    socket.send(`421["join","${room}"]`);
    await socket.receiveUntil((frame) => String(frame).startsWith("431"));
    socket.send(`42["offer",${json},"${room}"]`);
    wire.say("the other gets", await other.receive());
  }

  const texts = {
    "non-ASCII as it is": '{"sdp":"ä 日本語 🎥"}',
    "deep nesting": `${"[".repeat(100)}1${"]".repeat(100)}`,
    "keys in their order": '{"b":1,"a":2,"c":{"z":0,"y":0}}',
    "a placeholder look-alike": '{"_placeholder":true,"num":0}',
    "a large integer": "12345678901234567890123",
    "a number beyond a double": "1e400",
    "a decimal with zeros at its end": "1.500",
    "white space inside": '{ "a" : [ 1 , 2 ] }',
    "escapes that need not be": '"\\u0061\\/\\u00e4"',
    "a surrogate on its own": '"\\ud83c"',
    "a key twice": '{"a":1,"a":2}',
  };
  for (const [title, json] of Object.entries(texts)) {
    script(`relayed: ${title}`, (wire) => relayed(wire, title, json));
  }

  script("relayed: to polling and WebSocket alike", async (wire) => {
    const session = await wire.joined();
    await session.sit("mixed");
    const socket = await wire.joinedSocket();
    socket.send('421["join","mixed"]');
    wire.say("second", [await socket.receive(), await socket.receive()]);
    socket.send('42["candidate",{"candidate":"x"},"mixed"]');
    wire.say("poll", await session.poll());
    await session.post('42["candidate",{"candidate":"y"},"mixed"]');
    wire.say("frame", await socket.receive());
  });

  script("relayed: nothing to the sender, and nothing beside the payload", async (wire) => {
    const other = await wire.witness("beside");
    const socket = await wire.joinedSocket();
    socket.send('421["join","beside"]');
    wire.say("joined", [await socket.receive(), await socket.receive()]);
    socket.send('42["ready","beside"]');
    socket.send('42["answer",{"a":1},"beside","more","arguments"]');
    socket.send('422["leave","beside"]');
    wire.say("the sender gets", await socket.receive());
    wire.say("the other gets", await other.receiveUntil((frame) => frame === '42["leave"]'));
  });
});
