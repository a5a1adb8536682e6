// Connecting to namespaces: what is answered, what is refused, and what closes the connection.
import { differential } from "../support/differential.mjs";
import { packet } from "../support/probe.mjs";

/** Sends each frame when the one before it was answered; tells all, and whether it ended there. */
async function answers(wire, frames) {
  const socket = await wire.opened();
  for (const frame of frames) {
    socket.send(frame);
    const answer = await socket.receive();
    wire.say(`to ${frame}`, answer);
    if (answer.closed) return undefined;
  }
  return socket;
}

differential("differential: connecting", "wire", (script) => {
  const accepted = {
    "the main namespace": ["40"],
    "the main namespace by name": ["40/"],
    "the main namespace by name and comma": ["40/,"],
    "with auth": ['40{"token":"ä"}'],
    "with auth, by name": ['40/,{"token":1}'],
    "with white space after the auth": ['40{"a":1} '],
    "an empty auth": ["40{}"],
    "a number, which is no auth but an ack id": ["401"],
    "another namespace": ["40/mw"],
    "another namespace with a comma": ["40/mw,"],
    "another namespace with auth": ['40/mw,{"x":1}'],
    "several namespaces": ["40", "40/mw", '40/gate-1,{"pass":1}', "40/dyn-1"],
  };
  for (const [title, frames] of Object.entries(accepted)) {
    script(`connected: ${title}`, async (wire) => {
      const socket = await answers(wire, frames);
      const last = frames.at(-1);
      const namespace = /^40(\/[\w-]+)/.exec(last)?.[1] ?? "/";
      socket.send(packet("2", namespace, ["auth"], 7));
      wire.say("the auth", await socket.receive());
    });
  }

  script("the id of a socket is fresh, and not the session's", async (wire) => {
    const socket = await wire.opened();
    const ids = [];
    for (const namespace of ["/", "/mw"]) ids.push((await wire.join(socket, namespace)).id);
    wire.say("ids", [socket.sid, ...ids]);
    wire.say("shape", ids.every((id) => /^[\w-]{20}$/.test(id)));
  });

  const refused = {
    "an unknown namespace": ["40/zzz"],
    "an unknown namespace with a comma": ["40/zzz,"],
    "an unknown namespace with auth": ['40/zzz,{"a":1}'],
    "a query in the name": ["40/?a=1"],
    "a query in another name": ["40/mw?a=1,"],
    "names of objects": ["40/constructor", "40/__proto__", "40/toString"],
    "a name of letters beyond ASCII": ["40/ä日🎥,"],
    "a name in capitals": ["40/MW"],
    "a name with a slash more": ["40/mw/"],
    "two slashes": ["40//"],
  };
  for (const [title, frames] of Object.entries(refused)) {
    script(`refused: ${title}`, async (wire) => {
      const socket = await answers(wire, [...frames, "40"]);
      socket.send('421["x"]');
      wire.say("and on", [await socket.receive(), await socket.receive()]);
    });
  }

  const closing = {
    "auth that is an array": ["40[]"],
    "auth that is null": ["40null"],
    "auth that is a text": ['40"s"'],
    "auth that is true": ["40true"],
    "auth that is no JSON": ["40{"],
    "a comma alone": ["40,"],
    "auth that is an array, by name": ["40/mw,[]"],
    "an event before CONNECT": ['42["x"]'],
    "an ack before CONNECT": ["430[]"],
    "a disconnect before CONNECT": ["41"],
    "a connect error of the client": ['44{"message":"x"}'],
    "a binary event before CONNECT": ['450-["x"]'],
    "binary before CONNECT": [Buffer.from([1])],
    "an event for an unknown namespace": ["40", '42/zzz,["x"]'],
    "an event for a namespace not joined": ["40", '42/mw,["x"]'],
    "an ack for a namespace not joined": ["40", "43/mw,0[]"],
    "a disconnect from a namespace not joined": ["40", "41/mw,"],
    "a connect error when joined": ["40", '44{"message":"x"}'],
    "CONNECT twice": ["40", "40"],
    "CONNECT twice to another": ["40", "40/mw", '40/mw,{"x":1}'],
    "an event after a refusal": ['40/mw,{"deny":1}', '42/mw,["x"]'],
  };
  for (const [title, frames] of Object.entries(closing)) {
    script(`closed: ${title}`, async (wire) => void (await answers(wire, frames)));
  }

  script("closed over polling: the next poll says so", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post("40"));
    wire.say("poll", await session.poll());
    wire.say("an unknown one", await session.post("40/zzz"));
    wire.say("poll", await session.poll());
    wire.say("bad auth", await session.post("40[]"));
    wire.say("poll", await session.poll());
    wire.say("afterwards", await session.poll());
  });

  script("closed over polling: what waits comes first", async (wire) => {
    const session = await wire.joined();
    await session.post('42["x",1]');
    wire.say("CONNECT twice", await session.post("40"));
    wire.say("poll", await session.poll());
    wire.say("next", await session.poll());
    wire.say("afterwards", await session.poll());
  });

  script("two CONNECTs race for one namespace", async (wire) => {
    const socket = await wire.opened();
    socket.send("40/mw");
    socket.send("40/mw");
    wire.say("first", await socket.receive());
    wire.say("second", await socket.receive());
  });

  script("an event while a middleware still decides closes", async (wire) => {
    const socket = await wire.member();
    socket.send('40/slow,{"key":"early"}');
    socket.send('42/slow,["x"]');
    wire.say("end", await socket.receive());
  });
});

differential("differential: middleware", "wire", (script) => {
  script("a refusal is a message, and data if there is any", async (wire) => {
    await answers(wire, ['40/mw,{"deny":1}', '40/mw,{"deny":2}', '40/mw,{"deny":3}', '40/mw,{"deny":4}', "40"]);
  });

  script("rooms that were joined in a refused middleware are left", async (wire) => {
    const room = `halfway ${wire.number}`;
    const inside = await wire.member("/mw");
    for (const deny of [3, 0]) {
      const socket = await wire.opened();
      socket.send(packet("0", "/mw", { deny, room }));
      wire.say("CONNECT", await socket.receive());
      const [[count]] = (await inside.ask(["fetch", [room]], 1)).map((ack) => JSON.parse(ack.slice("43/mw,1".length)));
      wire.say("how many are halfway", count);
    }
  });

  script("a middleware that decides later", async (wire) => {
    const main = await wire.member();
    const socket = await wire.opened();
    const key = `later ${wire.number}`;
    socket.send(packet("0", "/slow", { key }));
    socket.send("40");
    wire.say("the main one first", await socket.receive());
    await main.ask(["release", key], 1);
    wire.say("then the other", await socket.receive());
    socket.send('42/slow,1["auth"]');
    wire.say("and on", (await socket.receive()).replace(key, "<key>"));
  });

  script("a middleware that decides when the client has left", async (wire) => {
    const watcher = await wire.watcher();
    const [gone, stays] = [await wire.member(), await wire.member()];
    const keys = [`gone ${wire.number}`, `stays ${wire.number}`];
    gone.send(packet("0", "/slow", { key: keys[0] }));
    stays.send(packet("0", "/slow", { key: keys[1] }));
    await gone.ask(["x"], 1);
    await stays.ask(["x"], 1);
    gone.close();
    wire.say("gone", await watcher.gone(gone.id));
    await watcher.ask(["release", keys[0]], 1);
    watcher.event(["release", keys[1]], 2);
    const told = await watcher.receiveUntil((frame) => frame.includes(keys[1]));
    wire.say("only one connected", told.filter((frame) => frame.startsWith('42["slow"') && frame.includes(wire.number)).length);
  });

  script("CONNECT comes before what the connection handler emits", async (wire) => {
    for (const namespace of ["/", "/mw", wire.namespace()]) {
      const socket = await wire.opened();
      socket.send(packet("0", namespace, { greet: 1 }));
      wire.say(namespace, [await socket.receive(), await socket.receive()]);
    }
    const session = await wire.session();
    await session.post('40{"greet":1}');
    wire.say("over polling", await session.pollPackets(2));
  });
});

const HASTY = { connectTimeout: 200 };
/** For scripts that must get something done before. */
const UNHURRIED = { connectTimeout: 1500 };

differential("differential: the time to connect", "wire", (script) => {
  script("a client that joins no namespace is closed", HASTY, async (wire) => {
    const socket = await wire.opened();
    wire.say("websocket", await socket.receive());
    const session = await wire.session();
    wire.say("polling", await session.poll());
    wire.say("afterwards", await session.poll());
  });

  script("a refused CONNECT does not stop the clock", UNHURRIED, async (wire) => {
    const socket = await wire.opened();
    for (const frame of ["40/zzz", '40/mw,{"deny":1}']) {
      socket.send(frame);
      wire.say(frame, await socket.receive());
    }
    wire.say("end", await socket.receive());
  });

  script("a client that has joined stays, and may leave again", UNHURRIED, async (wire) => {
    const socket = await wire.member();
    socket.send("41");
    // Whoever came later and joined nothing is closed first.
    const idle = await wire.opened();
    wire.say("one that joined nothing", await idle.receive());
    socket.send("40");
    wire.say("the other is there", await socket.receive());
  });
});

differential("differential: dynamic namespaces", "wire", (script) => {
  script("a namespace by an expression", async (wire) => {
    const name = wire.namespace();
    await answers(wire, [`40${name}`, "40/dyn-", "40/dyn-x", `40${name}x`, "40/x/dyn-1"]);
  });

  script("a namespace by a predicate of name and auth", async (wire) => {
    const name = wire.namespace(0, "gate");
    await answers(wire, [`40${name}`, `40${name},{"pass":2}`, `40${name},{"pass":1}`, '40/gat,{"pass":1}']);
  });

  script("once a namespace is there, its predicate is not asked again", async (wire) => {
    const name = wire.namespace(1, "gate");
    await wire.member(name, { pass: 1 });
    await answers(wire, [`40${name}`]);
  });

  script("children have the parent's middleware and handlers", async (wire) => {
    const name = wire.namespace();
    await answers(wire, [`40${name},{"deny":1}`]);
    const socket = await wire.member(name);
    wire.say("a handler", await socket.ask(["join", "room"], 1));
  });

  script("namespaces of one parent have rooms of their own", async (wire) => {
    const [one, two] = [await wire.member(wire.namespace(1)), await wire.member(wire.namespace(2))];
    await one.ask(["join", "room"], 1);
    await two.ask(["join", "room"], 1);
    await one.ask(["cast", { to: ["room"], all: true }, "hello"], 2).then((all) => wire.say("one", all));
    wire.say("two", await two.ask(["x"], 2));
  });

  script("what the parent emits goes to all its children", async (wire) => {
    const members = [];
    for (const which of [1, 2]) members.push(await wire.member(wire.namespace(which, "pub")));
    members[0].event(["publish", "all", { a: 1 }], 5);
    wire.say("one", [await members[0].receive(), await members[0].receive()]);
    wire.say("two", await members[1].receive());
  });

  for (const cleanup of [true, false]) {
    const options = { cleanupEmptyChildNamespaces: cleanup };
    script(`a child that all have left, cleanup ${cleanup ? "on" : "off"}`, options, async (wire) => {
      const name = wire.namespace(0, "gate");
      const socket = await wire.member(name, { pass: 1 });
      socket.send(`41${name},`);
      await wire.join(socket);
      socket.send(`40${name}`);
      wire.say("without its pass", await socket.receive());
      const other = await wire.opened();
      other.send(`40${name},{"pass":1}`);
      wire.say("with it", await other.receive());
    });

    script(`a child whose first client was refused, cleanup ${cleanup ? "on" : "off"}`, options, async (wire) => {
      const name = wire.namespace();
      const socket = await wire.opened();
      socket.send(`40${name},{"deny":1}`);
      wire.say("refused", await socket.receive());
      socket.send(`40${name}`);
      wire.say("made again", await socket.receive());
    });
  }
});
