// How connections end: who closes, what the client still gets, and the reason that others are told.
import { differential } from "../support/differential.mjs";
import { upgradeLines } from "../support/probe.mjs";
import { payload } from "../support/wire.mjs";

const UNKNOWN_PACKET = "47";

/** A watcher, and a namespace that only this script uses. */
async function watched(wire) {
  const namespace = wire.namespace();
  return { namespace, watcher: await wire.watcher(namespace) };
}

differential("differential: ends over polling", "wire", (script) => {
  script("a poll that the client gives up ends the session at once", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const session = await wire.joined(namespace);
    const half = wire.unfinished(session.query);
    await half.begun;
    // By the time that a later request has been answered, the poll has been taken up.
    await session.post("6");
    half.giveUp();
    wire.say("gone", await watcher.gone(session.id));
    wire.say("poll", await session.poll());
  });

  script("a post that the client gives up ends the session at once", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const session = await wire.joined(namespace);
    const half = wire.unfinished(session.query, "4x");
    await half.begun;
    half.giveUp();
    wire.say("gone", await watcher.gone(session.id));
    wire.say("poll", await session.poll());
  });

  script("a second poll and a second post at the same time are transport errors", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const polls = await wire.joined(namespace);
    await Promise.all([polls.poll(), polls.poll()]);
    wire.say("polls", await watcher.gone(polls.id));
    const posts = await wire.joined(namespace);
    const half = wire.unfinished(posts.query, "4x");
    await half.begun;
    await posts.post("6");
    wire.say("posts", await watcher.gone(posts.id));
  });

  script("a client that says close while a poll waits", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const session = await wire.joined(namespace);
    const { poll } = await session.waiting();
    wire.say("post", await session.post(payload("1", `42${namespace},["too late"]`)));
    wire.say("poll", await poll);
    wire.say("gone", await watcher.gone(session.id));
    wire.say("afterwards", await session.poll());
  });

  script("a client that says close without a poll", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const session = await wire.joined(namespace);
    wire.say("post", await session.post("1"));
    wire.say("gone", await watcher.gone(session.id));
    wire.say("afterwards", await session.poll());
  });

  script("a server that closes while a poll waits", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    wire.say("post", await session.post(UNKNOWN_PACKET));
    wire.say("poll", await poll);
    wire.say("afterwards", await session.poll());
  });

  script("a server that closes while no poll waits tells the next one", async (wire) => {
    const session = await wire.joined();
    wire.say("post", await session.post(UNKNOWN_PACKET));
    wire.say("poll", await wire.get(session.query));
    wire.say("afterwards", await session.poll());
  });

  script("a server that closes with data that no poll has fetched", async (wire) => {
    const session = await wire.joined();
    await session.post('42["x",1]');
    wire.say("post", await session.post(UNKNOWN_PACKET));
    wire.say("poll", await session.poll());
    wire.say("next", await session.poll());
    wire.say("afterwards", await session.poll());
  });

  script("a post while the server is about to close", async (wire) => {
    const session = await wire.joined();
    await session.post(UNKNOWN_PACKET);
    wire.say("post", await session.post('42["x",1]'));
    wire.say("poll", await session.poll());
  });

  script("an application that disconnects over polling", async (wire) => {
    for (const close of [false, true]) {
      const session = await wire.joined();
      wire.say("post", await session.post(`42["end",${close}]`));
      wire.say("poll", await session.poll());
      if (!close) await session.post("40");
      wire.say("next", await session.poll());
    }
  });

  script("an application that disconnects while a poll waits", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    wire.say("post", await session.post('42["end",true]'));
    const first = await poll;
    wire.say("polls", [...first, ...(first.includes("1") ? [] : await session.pollPackets(3 - first.length))]);
  });
});

differential("differential: ends over WebSocket", "wire", (script) => {
  const ways = {
    "41 ends the namespace": (socket, namespace) => socket.send(`41${namespace},`),
    "a close frame": (socket) => socket.close(1000, "because"),
    "a close frame without a code": (socket) => socket.close(),
    "a connection that breaks": (socket) => socket.terminate(),
    "a close packet": (socket) => (socket.send("1"), socket.close()),
    "a packet that is unknown": (socket) => socket.send(UNKNOWN_PACKET),
    "an engine packet that is unknown": (socket) => socket.send("9"),
    "a frame that is too long": (socket) => socket.send(`4${"x".repeat(1_000_000)}`),
    "text that is not UTF-8": (socket) => socket.send(Buffer.from([0x34, 0xff]), { binary: false }),
    "a ping of the client": (socket) => socket.send("2"),
    "a CONNECT too many": (socket, namespace) => socket.send(`40${namespace},`),
    "an event for another namespace": (socket) => socket.send('42/other,["x"]'),
    "an application that disconnects the socket": (socket) => socket.event(["end", false]),
    "an application that disconnects the connection": (socket) => socket.event(["end", true]),
  };
  for (const [title, end] of Object.entries(ways)) {
    script(`others are told of ${title}`, async (wire) => {
      const { namespace, watcher } = await watched(wire);
      const socket = await wire.member(namespace);
      await socket.ask(["join", ["one", "two"]], 0);
      end(socket, namespace);
      wire.say("gone", await watcher.gone(socket.id));
    });
  }

  script("others are told of a ping that was not answered", { pingInterval: 100, pingTimeout: 1000 },
    async (wire) => {
      const { namespace, watcher } = await watched(wire);
      const socket = await wire.member(namespace);
      wire.say("frames", await socket.receiveUntil((frame) => frame.closed));
      wire.say("gone", await watcher.gone(socket.id));
    });

  script("others are told of garbage in the stream", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const { connection } = await wire.exchange("GET EIO=4&transport=websocket", upgradeLines());
    // A text frame, masked with zeros: the CONNECT to the namespace.
    const text = Buffer.from(`40${namespace},`);
    await connection.send(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
    const id = await connection.has(/"sid":"([\w-]+)"\}$/);
    await connection.send("no frame at all");
    wire.say("gone", await watcher.gone(wire.know("sid", id)));
  });

  script("every namespace of a connection is told when it closes", async (wire) => {
    const [one, two] = [wire.namespace(1), wire.namespace(2)];
    const [first, second] = [await wire.watcher(one), await wire.watcher(two)];
    const socket = await wire.member(one);
    const { id } = socket;
    await wire.join(socket, two);
    socket.close();
    wire.say("in one", await first.gone(id));
    wire.say("in the other", await second.gone(socket.id));
  });

  script("disconnect() leaves one namespace, and the connection stays", async (wire) => {
    const [one, two] = [wire.namespace(1), wire.namespace(2)];
    const socket = await wire.member(one);
    await wire.join(socket, two);
    socket.event(["end", false]);
    wire.say("frames", [await socket.receive(), await socket.receive()]);
    socket.send(`42${one},["x"]`);
    wire.say("an event after it", await socket.receive());
  });

  script("disconnect() on the main namespace, and joining it again", async (wire) => {
    const socket = await wire.member();
    socket.event(["end", false]);
    wire.say("frames", [await socket.receive(), await socket.receive()]);
    socket.send("40");
    wire.say("again", await socket.receive());
    socket.event(["x"], 1);
    wire.say("and on", [await socket.receive(), await socket.receive()]);
  });

  script("disconnect(true) leaves all namespaces, and closes", async (wire) => {
    const [one, two] = [wire.namespace(1), wire.namespace(2)];
    const socket = await wire.member(one);
    await wire.join(socket);
    await wire.join(socket, two);
    socket.event(["end", true]);
    wire.say("frames", await socket.receiveUntil((frame) => frame.closed));
  });

  script("a socket that has left joins no room any more", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    const socket = await wire.member(namespace);
    socket.event(["end", false, "late"]);
    await watcher.gone(socket.id);
    wire.say("in its room", await watcher.ask(["fetch", ["late"]], 1));
  });

  script("disconnectSockets() reaches the room's sockets of one namespace", async (wire) => {
    const [one, two] = [wire.namespace(1), wire.namespace(2)];
    const caller = await wire.member(one);
    const [inside, outside] = [await wire.member(one), await wire.member(one)];
    await inside.ask(["join", "room"], 0);
    await wire.join(inside, two);
    wire.say("ack", await caller.ask(["endAll", ["room"], false], 1));
    wire.say("in the room", await inside.receive());
    wire.say("its other namespace", await inside.ask(["x"], 2));
    wire.say("not in it", await outside.ask(["x"], 3));
  });

  script("disconnectSockets(true) closes the connections", async (wire) => {
    const namespace = wire.namespace();
    const caller = await wire.member(namespace);
    const [inside, outside] = [await wire.member(namespace), await wire.member(namespace)];
    await inside.ask(["join", "room"], 0);
    await caller.ask(["endAll", ["room"], true], 1);
    wire.say("in the room", await inside.receiveUntil((frame) => frame.closed));
    wire.say("not in it", await outside.ask(["x"], 3));
  });

  script("disconnectSockets() of a whole namespace reaches the caller too", async (wire) => {
    const namespace = wire.namespace();
    const caller = await wire.member(namespace);
    const other = await wire.member(namespace);
    caller.event(["endAll", [], true], 1);
    wire.say("caller", await caller.receiveUntil((frame) => frame.closed));
    wire.say("other", await other.receiveUntil((frame) => frame.closed));
  });

  // What the client itself sees depends on how its two packets fall into reads: the second one
  // may end its connection or be ignored. It is never delivered.
  script("events that come after a disconnect are not delivered", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    await watcher.ask(["join", "room"], 1);
    const socket = await wire.member(namespace);
    socket.send(`41${namespace},`);
    socket.event(["cast", { to: ["room"] }, "late"]);
    wire.say("gone", await watcher.gone(socket.id));
    wire.say("nothing else came", await watcher.ask(["x"], 2));
  });

  script("events behind one that ends the socket are not delivered", async (wire) => {
    const { namespace, watcher } = await watched(wire);
    await watcher.ask(["join", "room"], 1);
    const socket = await wire.member(namespace);
    socket.event(["end", false]);
    socket.event(["cast", { to: ["room"] }, "late"]);
    wire.say("gone", await watcher.gone(socket.id));
    wire.say("nothing else came", await watcher.ask(["x"], 2));
  });
});
