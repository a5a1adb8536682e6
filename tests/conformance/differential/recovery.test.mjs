// Recovery of a socket's state after its connection was lost.
import { differential } from "../support/differential.mjs";
import { packet } from "../support/probe.mjs";

const ON = { connectionStateRecovery: {} };

/** Offsets by the order in which a script met them: their form is each server's own. */
const offsets = new WeakMap();

/** The offset at the end of an event that has one: what is before it, and itself. */
const OFFSET = /^(4[25](?:\d+-)?(?:\/[^,]+,)?\[.*)"([^"]+)"\]$/s;

/** A frame, the offset at its end by name. */
function named(wire, frame) {
  const [, start, offset] = OFFSET.exec(frame) ?? [];
  if (offset === undefined) return frame;
  if (!offsets.has(wire)) offsets.set(wire, new Map());
  const known = offsets.get(wire);
  if (!known.has(offset)) known.set(offset, `<offset ${known.size + 1}>`);
  return `${start}"${known.get(offset)}"]`;
}

/** Receives `count` frames, offsets by name. */
async function events(wire, socket, count) {
  const frames = [];
  while (frames.length < count) frames.push(named(wire, await socket.receive()));
  return frames;
}

/** A member that has seen one event: what it needs to come back. */
async function seen(wire, namespace = wire.namespace(), auth) {
  const socket = await wire.member(namespace, auth);
  socket.event(["x", 1]);
  const frame = await socket.receive();
  named(wire, frame);
  return { socket, namespace, pid: socket.pid, offset: OFFSET.exec(frame)[2] };
}

/** Its connection ends, and somebody has been told so. */
async function lost(wire, { socket, namespace }, how = (it) => it.close()) {
  const watcher = await wire.watcher(namespace);
  how(socket);
  await watcher.gone(socket.id);
  return watcher;
}

/** Reconnects; gives all frames up to the answer, as they came (`raw`) and with names. */
async function back(wire, namespace, auth) {
  const socket = await wire.opened();
  socket.send(packet("0", namespace, auth));
  const raw = await socket.receiveUntil((frame) => String(frame).startsWith("40"));
  return { socket, raw, frames: raw.map((frame) => named(wire, frame)) };
}

/** What comes after the CONNECT, up to an ack. */
async function then(wire, socket, namespace) {
  socket.send(packet("2", namespace, ["join", []], 7));
  const start = packet("3", namespace, undefined, 7);
  const frames = await socket.receiveUntil((frame) => String(frame).startsWith(`${start}[`));
  return frames.map((frame) => named(wire, frame));
}

differential("differential: recovery switched off", "wire", (script) => {
  script("without recovery there is no pid and no offset", async (wire) => {
    const socket = await wire.opened();
    socket.send("40");
    wire.say("CONNECT", await socket.receive());
    socket.send('42["x",1]');
    wire.say("event", await socket.receive());
    const other = await wire.opened();
    other.send('40{"pid":"abc","offset":"def"}');
    wire.say("a pid is ignored", await other.receive());
  });
});

differential("differential: recovery", "wire", (script) => {
  script("CONNECT has a pid, events have an offset at their end", ON, async (wire) => {
    const namespace = wire.namespace();
    const socket = await wire.opened();
    socket.send(`40${namespace}`);
    wire.say("CONNECT", await socket.receive());
    socket.send(packet("2", namespace, ["x", 1, { a: 2 }]));
    wire.say("event", await events(wire, socket, 1));
    socket.send(packet("2", namespace, ["x"], 3));
    wire.say("an ack has none", await events(wire, socket, 2));
    socket.send(packet("2", namespace, ["picture"]));
    wire.say("binary", await events(wire, socket, 4));
    socket.send(packet("2", namespace, ["ask", {}, "q"]));
    wire.say("a question has none", await socket.receive());
    socket.send(packet("2", namespace, ["volatile", 1]));
    wire.say("a volatile one has none", await socket.receive());
  });

  script("broadcasts have an offset, one for all their receivers", ON, async (wire) => {
    const namespace = wire.namespace();
    const [one, two] = [await wire.member(namespace), await wire.member(namespace)];
    await one.ask(["join", "a"], 1);
    await two.ask(["join", "a"], 1);
    for (const how of [{ all: true }, { to: ["a"], all: true }]) {
      one.event(["cast", how, "hello"]);
      wire.say("one", await events(wire, one, 1));
      wire.say("two", await events(wire, two, 1));
    }
    one.event(["cast", { volatile: true, all: true }, "hello"]);
    wire.say("a volatile one has none", [await one.receive(), await two.receive()]);
    one.event(["askAll", { ms: 10_000 }, "who"]);
    wire.say("a question has none", [await one.receive(), await two.receive()]);
  });

  script("events over polling have an offset", ON, async (wire) => {
    const session = await wire.session();
    await session.post("40");
    wire.say("CONNECT", await session.poll());
    await session.post('42["x",1]');
    const [frame] = await session.poll();
    wire.say("event", named(wire, frame));
  });

  script("who comes back gets what was missed first, then CONNECT with the same ids", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset } = member;
    await member.socket.ask(["join", "a"], 1);
    const watcher = await lost(wire, member);
    for (const how of [{}, { to: ["a"] }, { to: ["b"] }, { except: ["a"] }, { to: [member.socket.id] },
      { volatile: true }, { except: [member.socket.id] }]) {
      await watcher.ask(["cast", how, "missed", how], 2);
    }
    const { socket, frames } = await back(wire, namespace, { pid, offset });
    wire.say("frames", frames);
    wire.say("then", await then(wire, socket, namespace));
  });

  script("binary that was missed comes with its attachments", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset } = member;
    const watcher = await lost(wire, member);
    watcher.send(`451-${namespace},1["cast",{},"bytes",{"_placeholder":true,"num":0}]`);
    watcher.send(Buffer.from([1, 2, 3]));
    await watcher.ask(["cast", {}, "after"], 2);
    const { frames } = await back(wire, namespace, { pid, offset });
    wire.say("frames", frames);
  });

  script("rooms and data come back, and the handlers run again", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset, socket: before } = member;
    await before.ask(["join", ["a", "b"]], 1);
    await before.ask(["set", "who", "me"], 2);
    const watcher = await lost(wire, member);
    wire.say("nobody is in the room meanwhile", await watcher.ask(["fetch", ["a"]], 3));
    const { socket, frames } = await back(wire, namespace, { pid, offset });
    wire.say("frames", frames);
    wire.say("then", await then(wire, socket, namespace));
    wire.say("in the room again", await watcher.ask(["fetch", ["a"]], 4));
    socket.send(packet("2", namespace, ["get", "who"], 5));
    wire.say("data", await socket.receive());
  });

  script("nothing missed is nothing sent", ON, async (wire) => {
    const member = await seen(wire);
    await lost(wire, member);
    const { socket, frames } = await back(wire, member.namespace, { pid: member.pid, offset: member.offset });
    wire.say("frames", frames);
    wire.say("then", await then(wire, socket, member.namespace));
  });

  script("over polling, who comes back gets the same", ON, async (wire) => {
    const member = await seen(wire, "/mw");
    const watcher = await lost(wire, member);
    await watcher.ask(["cast", { to: [member.socket.id] }, "missed"], 1);
    const session = await wire.session();
    await session.post(packet("0", "/mw", { pid: member.pid, offset: member.offset }));
    const packets = await session.pollPackets(3);
    wire.say("packets", packets.map((frame) => named(wire, frame)));
  });

  script("a broken connection is recovered too", ON, async (wire) => {
    const member = await seen(wire);
    await lost(wire, member, (socket) => socket.terminate());
    const { frames } = await back(wire, member.namespace, { pid: member.pid, offset: member.offset });
    wire.say("frames", frames);
  });

  const ends = {
    "a disconnect by the client": (socket, namespace) => socket.send(`41${namespace},`),
    "a disconnect by the server": (socket) => socket.event(["end", false]),
    "a disconnect of the connection by the server": (socket) => socket.event(["end", true]),
    "a packet that is unknown": (socket) => socket.send("47"),
    "an engine packet that is unknown": (socket) => socket.send("9"),
    "a ping of the client": (socket) => socket.send("2"),
  };
  for (const [title, end] of Object.entries(ends)) {
    script(`coming back after ${title}`, ON, async (wire) => {
      const member = await seen(wire);
      const { namespace, pid, offset } = member;
      const watcher = await lost(wire, member, (socket) => end(socket, namespace));
      await watcher.ask(["cast", {}, "missed"], 1);
      const { frames } = await back(wire, namespace, { pid, offset });
      wire.say("frames", frames);
    });
  }

  script("coming back after a heartbeat that failed", { ...ON, pingInterval: 300, pingTimeout: 1500 }, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset } = member;
    const watcher = await lost(wire, member, () => {});
    await watcher.ask(["cast", {}, "missed"], 1);
    const { frames } = await back(wire, namespace, { pid, offset });
    wire.say("frames", frames);
  });

  script("a pid or an offset that is unknown makes a new socket", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, offset } = member;
    await member.socket.ask(["join", "a"], 1);
    const watcher = await lost(wire, member);
    await watcher.ask(["cast", {}, "missed"], 1);
    for (const strange of ["unknown", 5, null, { a: 1 }, [], undefined, "__proto__"]) {
      const { socket, frames } = await back(wire, namespace, { pid: strange, offset });
      wire.say(`the pid ${JSON.stringify(strange)}`, frames);
      wire.say("then", await then(wire, socket, namespace));
    }
  });

  for (const [title, offset] of [["unknown", "unknown"], ["a number", 5], ["missing", undefined], ["null", null]]) {
    script(`the right pid with an offset that is ${title}`, ON, async (wire) => {
      const member = await seen(wire);
      await lost(wire, member);
      const { socket, frames } = await back(wire, member.namespace, { pid: member.pid, offset });
      wire.say("frames", frames);
      wire.say("then", await then(wire, socket, member.namespace));
    });
  }

  script("a pid of another namespace makes a new socket", ON, async (wire) => {
    const member = await seen(wire, wire.namespace(1));
    const elsewhere = await seen(wire, wire.namespace(2));
    await lost(wire, member);
    const { frames } = await back(wire, elsewhere.namespace, { pid: member.pid, offset: elsewhere.offset });
    wire.say("frames", frames);
  });

  script("the pid of a socket that is still there", ON, async (wire) => {
    const { namespace, pid, offset, socket } = await seen(wire);
    const { frames } = await back(wire, namespace, { pid, offset });
    wire.say("frames", frames);
    wire.say("the first is there", await then(wire, socket, namespace));
  });

  script("a pid that has been used", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset } = member;
    await lost(wire, member);
    wire.say("first", (await back(wire, namespace, { pid, offset })).frames);
    wire.say("second", (await back(wire, namespace, { pid, offset })).frames);
  });

  script("coming back twice, one after the other", ON, async (wire) => {
    const member = await seen(wire);
    const { namespace, pid, offset } = member;
    const first = await lost(wire, member);
    await first.ask(["cast", {}, "missed", 1], 1);
    const once = await back(wire, namespace, { pid, offset });
    wire.say("once", once.frames);
    const second = await wire.watcher(namespace);
    once.socket.close();
    wire.say("gone again", await second.gone(member.socket.id));
    await second.ask(["cast", {}, "missed", 2], 1);
    const twice = await back(wire, namespace, { pid, offset: OFFSET.exec(once.raw[0])[2] });
    wire.say("twice", twice.frames);
  });

  const SHORT = { connectionStateRecovery: { maxDisconnectionDuration: 1 } };
  script("a pid that has expired makes a new socket", SHORT, async (wire) => {
    const member = await seen(wire);
    const watcher = await lost(wire, member);
    // More than the millisecond passes on the way to an answer.
    for (let n = 0; n < 20; n += 1) await watcher.ask(["get", "nothing"], n);
    const { frames } = await back(wire, member.namespace, { pid: member.pid, offset: member.offset });
    wire.say("frames", frames);
  });

  for (const skipMiddlewares of [true, false]) {
    const options = { connectionStateRecovery: { skipMiddlewares } };
    script(`middleware is ${skipMiddlewares ? "skipped" : "run"} for who comes back`, options, async (wire) => {
      const member = await seen(wire);
      const { namespace, pid, offset } = member;
      await lost(wire, member);
      const socket = await wire.opened();
      socket.send(packet("0", namespace, { pid, offset, deny: 1 }));
      wire.say("answer", await socket.receive());
    });
  }
});
