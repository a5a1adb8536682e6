// Rooms and broadcasts: who receives what, and who is where.
import { differential } from "../support/differential.mjs";

/** `count` members of a namespace of this script's own. */
async function members(wire, count) {
  const namespace = wire.namespace();
  const all = [];
  while (all.length < count) all.push(await wire.member(namespace));
  return { namespace, all };
}

/** What each member gets up to an answer that it asks for now. */
async function told(wire, all) {
  for (const [index, member] of all.entries()) {
    const frames = await member.ask(["get", "nothing"], 99);
    wire.say(`member ${index} gets`, frames.slice(0, -1));
  }
}

differential("differential: rooms", "wire", (script) => {
  script("joining and leaving, and the room of one's own id", async (wire) => {
    const { all: [one] } = await members(wire, 1);
    for (const event of [["join", "a"], ["join", ["b", "c", "a"]], ["leave", "b"], ["leave", "nowhere"],
      ["join", []], ["join", ""], ["leave", one.id], ["join", one.id]]) {
      wire.say(event[0], [event[1], await one.ask(event, 1)]);
    }
  });

  script("a room that all have left is gone", async (wire) => {
    const { all: [one, two] } = await members(wire, 2);
    for (const member of [one, two]) await member.ask(["join", "a"], 1);
    wire.say("both", await one.ask(["fetch", ["a"]], 2));
    await one.ask(["leave", "a"], 3);
    wire.say("one", await one.ask(["fetch", ["a"]], 4));
    await two.ask(["leave", "a"], 5);
    wire.say("none", await one.ask(["fetch", ["a"]], 6));
    await one.ask(["cast", { to: ["a"], all: true }, "nobody"], 7);
    await told(wire, [one, two]);
  });

  const casts = {
    "to all others": {},
    "to all": { all: true },
    "to a room": { to: ["a"] },
    "to a room, the sender too": { to: ["a"], all: true },
    "to two rooms, each receiver once": { to: ["a", "b"], all: true },
    "to a room twice": { to: ["a", "a"], all: true },
    "to nobody": { to: ["nobody"], all: true },
    "to all but a room": { except: ["a"], all: true },
    "to two rooms but one of them": { to: ["a", "b"], except: ["b"], all: true },
    "to others but two rooms": { except: ["b", "c"] },
    "to a room but itself": { to: ["a"], except: ["a"], all: true },
    "that is local": { to: ["a", "b"], local: true },
  };
  for (const [title, how] of Object.entries(casts)) {
    script(`a broadcast ${title}`, async (wire) => {
      const { all } = await members(wire, 4);
      const rooms = [["a"], ["a", "b"], ["b", "c"], []];
      for (const [index, member] of all.entries()) await member.ask(["join", rooms[index]], 1);
      wire.say("sender", await all[0].ask(["cast", how, "hello", { n: 1 }], 2));
      await told(wire, all);
    });
  }

  script("a broadcast to a socket by its id, and to all but one", async (wire) => {
    const { all } = await members(wire, 3);
    await all[0].ask(["cast", { to: [all[1].id] }, "for one"], 1);
    wire.say("sender", await all[0].ask(["cast", { except: [all[1].id], all: true }, "for all but one"], 2));
    await told(wire, all);
  });

  script("a socket that left the room of its id cannot be reached by it", async (wire) => {
    const { all: [one, two] } = await members(wire, 2);
    await two.ask(["leave", two.id], 1);
    await one.ask(["cast", { to: [two.id] }, "lost"], 2);
    await one.ask(["cast", {}, "for all"], 3);
    await told(wire, [two]);
  });

  script("a broadcast with binary, and to polling", async (wire) => {
    const { namespace, all: [one, two] } = await members(wire, 2);
    const session = await wire.joined(namespace);
    one.send(`452-${namespace},1["cast",{},"bytes",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]`);
    one.send(Buffer.from([1, 2]));
    one.send(Buffer.alloc(0));
    wire.say("sender", await one.receive());
    wire.say("WebSocket", [await two.receive(), await two.receive(), await two.receive()]);
    wire.say("polling", await session.poll());
  });

  script("broadcasts of several keep each sender's order", async (wire) => {
    const { all: [one, two, three] } = await members(wire, 3);
    for (let n = 0; n < 50; n += 1) {
      one.event(["cast", {}, "one", n]);
      two.event(["cast", {}, "two", n]);
    }
    const seen = { one: [], two: [] };
    while (seen.one.length + seen.two.length < 100) {
      const [name, n] = JSON.parse(/\[.*$/.exec(await three.receive())[0]);
      seen[name].push(n);
    }
    wire.say("in order", Object.values(seen).map((numbers) => numbers.every((n, index) => n === index)));
  });

  script("names of rooms are any text", async (wire) => {
    const { all } = await members(wire, 2);
    const names = ["", " ", "ä日🎥", "__proto__", "constructor", "x".repeat(200), "a,b", "/"];
    wire.say("joined", await all[1].ask(["join", names], 1));
    for (const name of names) await all[0].ask(["cast", { to: [name] }, "to", name], 2);
    await told(wire, [all[1]]);
  });

  script("rooms are of one namespace", async (wire) => {
    const one = await wire.member(wire.namespace(1));
    const other = await wire.member(wire.namespace(2));
    for (const member of [one, other]) await member.ask(["join", "a"], 1);
    await one.ask(["cast", { to: ["a"] }, "hello"], 2);
    await told(wire, [other]);
  });

  script("others are moved between rooms", async (wire) => {
    const { all } = await members(wire, 3);
    for (const member of all.slice(1)) await member.ask(["join", "a"], 1);
    await all[0].ask(["move", ["a"], ["b", "c"], ["a"]], 2);
    wire.say("in a", await all[0].ask(["fetch", ["a"]], 3));
    wire.say("in b", await all[0].ask(["fetch", ["b"]], 4));
    await all[0].ask(["move", [], ["everyone"], ["c"]], 5);
    wire.say("all", await all[0].ask(["fetch", []], 6));
  });

  script("sockets that are fetched, by room and all", async (wire) => {
    const { all } = await members(wire, 3);
    await all[1].ask(["join", ["a", "b"]], 1);
    await all[2].ask(["join", ["b"]], 1);
    for (const rooms of [[], ["a"], ["b"], ["a", "b"], ["nowhere"]]) {
      wire.say(JSON.stringify(rooms), await all[0].ask(["fetch", rooms], 2));
    }
  });

  script("a socket that leaves is in no room any more", async (wire) => {
    const namespace = wire.namespace();
    const watcher = await wire.watcher(namespace);
    const socket = await wire.member(namespace);
    await socket.ask(["join", ["a", "b"]], 1);
    wire.say("before", await watcher.ask(["fetch", ["a"]], 2));
    socket.close();
    wire.say("gone", await watcher.gone(socket.id));
    wire.say("after", await watcher.ask(["fetch", ["a"]], 3));
    wire.say("and all", await watcher.ask(["fetch", []], 4));
  });

  script("data is each socket's own", async (wire) => {
    const { all: [one, two] } = await members(wire, 2);
    await one.ask(["set", "who", "one"], 1);
    await two.ask(["set", "who", "two"], 1);
    wire.say("one", await one.ask(["get", "who"], 2));
    wire.say("two", await two.ask(["get", "who"], 2));
    wire.say("nothing", await two.ask(["get", "what"], 3));
  });

  script("events of any name reach a catch-all listener", async (wire) => {
    const { all: [one] } = await members(wire, 1);
    for (const event of [["x"], ["x", 1], ["any", 1], [7, "seven"]]) {
      wire.say(JSON.stringify(event), await one.ask(event, 1));
    }
  });
});
