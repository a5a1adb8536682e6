// The crate as a library, by the official client: rooms, and who hears what is said there.
//
// "Nothing arrives" is never waited for: an answer that the receiver asks for afterwards shows
// that whatever would have arrived must have arrived before it.
import assert from "node:assert/strict";
import { freshRoom, next } from "./support/official.mjs";
import { overEveryWay } from "./support/suite.mjs";
import { Wire } from "./support/wire.mjs";

/** What each of the sockets has heard by now, their own words for it being forgotten. */
async function heard(...sockets) {
  await Promise.all(sockets.map((socket) => socket.ask("echo")));
  const all = sockets.map((socket) => socket.got.splice(0).map(([, ...args]) => args));
  return all;
}

/** Four sockets: in the rooms a; a and b; b; none. */
async function four(t) {
  const [a, b] = [freshRoom(), freshRoom()];
  const sockets = [];
  for (const rooms of [[a], [a, b], [b], []]) {
    const socket = await t.connect();
    for (const room of rooms) await socket.ask("join", room);
    sockets.push(socket);
  }
  return { a, b, sockets };
}

/** The first socket says `what` to others; which of all hear it, and how often. */
async function say(sockets, to, ...what) {
  await sockets[0].ask("say", to, ...what);
  const all = await heard(...sockets);
  for (const got of all) for (const args of got) assert.deepEqual(args, what);
  return all.map((got) => got.length);
}

overEveryWay("library: rooms", (it, way) => {
  it("joins and leaves rooms, twice as well as once", async (t) => {
    const socket = await t.connect();
    assert.deepEqual(await socket.ask("join", "b"), ["b"]);
    assert.deepEqual(await socket.ask("join", "a"), ["a", "b"]);
    assert.deepEqual(await socket.ask("join", "a"), ["a", "b"]);
    assert.deepEqual(await socket.ask("leave", "b"), ["a"]);
    assert.deepEqual(await socket.ask("leave", "b"), ["a"]);
    assert.deepEqual(await socket.ask("leave", "never joined"), ["a"]);
    assert.deepEqual(await socket.ask("leave", "a"), []);
  });

  it("takes any text for a room's name", async (t) => {
    const [speaker, listener] = [await t.connect(), await t.connect()];
    for (const room of ["", " ", "__proto__", "constructor", "ä 🎥", "\"\\\n", "x".repeat(10_000)]) {
      assert.deepEqual(await listener.ask("join", room), [room]);
      await speaker.ask("say", { rooms: [room] }, room);
      assert.deepEqual(await heard(listener, speaker), [[[room]], []], room);
      await listener.ask("leave", room);
    }
  });

  it("says something to a room, to several, but for some, and to all: each hears it once", async (t) => {
    const { a, b, sockets } = await four(t);
    const cases = [
      [{ rooms: [a] }, [0, 1, 0, 0]],
      [{ rooms: [a], echo: true }, [1, 1, 0, 0]],
      [{ rooms: [b] }, [0, 1, 1, 0]],
      [{ rooms: [a, b] }, [0, 1, 1, 0]],
      [{ rooms: [a, b, a], echo: true }, [1, 1, 1, 0]],
      [{ rooms: [a], except: [b], echo: true }, [1, 0, 0, 0]],
      [{ rooms: [b], except: [a] }, [0, 0, 1, 0]],
      [{ rooms: [a, b], except: [a, b], echo: true }, [0, 0, 0, 0]],
      [{ rooms: ["nobody is here"] }, [0, 0, 0, 0]],
      [{}, [0, 1, 1, 1]],
      [{ echo: true }, [1, 1, 1, 1]],
      [{ except: [a], echo: true }, [0, 0, 1, 1]],
      [{ except: [a, b] }, [0, 0, 0, 1]],
      [{ except: ["nobody is here"] }, [0, 1, 1, 1]],
    ];
    for (const [to, hearers] of cases) {
      assert.deepEqual(await say(sockets, to, { to }, 1), hearers, JSON.stringify(to));
    }
  });

  it("takes as many rooms at once as there are", async (t) => {
    const { a, b, sockets } = await four(t);
    const many = Array.from({ length: 50 }, freshRoom);
    assert.deepEqual(await say(sockets, { rooms: [...many, a] }, "to"), [0, 1, 0, 0]);
    assert.deepEqual(await say(sockets, { except: [...many, b] }, "except"), [0, 0, 0, 1]);
  });

  it("knows each socket's id as a room of its own", async (t) => {
    const { a, sockets } = await four(t);
    const ids = sockets.map(({ id }) => id);
    assert.deepEqual(await say(sockets, { rooms: [ids[3]] }, "hi"), [0, 0, 0, 1]);
    assert.deepEqual(await say(sockets, { rooms: [ids[0]] }, "me"), [0, 0, 0, 0]);
    assert.deepEqual(await say(sockets, { rooms: [ids[0]], echo: true }, "me"), [1, 0, 0, 0]);
    assert.deepEqual(await say(sockets, { rooms: [a, ids[1], ids[3]] }, "once"), [0, 1, 0, 1]);
    assert.deepEqual(await say(sockets, { except: [ids[1]] }, "not you"), [0, 0, 1, 1]);
    await sockets[3].ask("leave", ids[3]);
    assert.deepEqual(await say(sockets, { rooms: [ids[3]] }, "left"), [0, 0, 0, 0]);
    assert.deepEqual(await say(sockets, {}, "all the same"), [0, 1, 1, 1]);
  });

  it("says nothing to those who have left, or have gone", async (t) => {
    const { a, sockets } = await four(t);
    await sockets[1].ask("leave", a);
    assert.deepEqual(await say(sockets, { rooms: [a], echo: true }, 1), [1, 0, 0, 0]);
    await sockets[0].ask("join", "watchers");
    const gone = sockets[0].until(1, "left");
    sockets[2].disconnect();
    await gone;
    sockets[0].got.length = 0;
    const staying = [sockets[0], sockets[1], sockets[3]];
    assert.deepEqual(await say(staying, { echo: true }, 2), [1, 1, 1]);
  });

  it("says binary and long texts to many, the same to each", async (t) => {
    const { a, b, sockets } = await four(t);
    const bytes = Buffer.from([0, 1, 255]);
    for (const what of [
      [bytes, { nested: [bytes, Buffer.alloc(0)] }],
      ["ä".repeat(50_000)],
      ["x".repeat(5_000), bytes, Buffer.alloc(50_000, 1)],
    ]) {
      assert.deepEqual(await say(sockets, { rooms: [a, b], echo: true }, ...what), [1, 1, 1, 0]);
    }
  });

  it("keeps the order of what many say, for each who hears it", async (t) => {
    const room = freshRoom();
    const sockets = [await t.connect(), await t.connect(), await t.connect()];
    for (const socket of sockets) await socket.ask("join", room);
    const last = sockets.map((socket, from) => {
      for (let n = 0; n < 100; n += 1) socket.emit("say", { rooms: [room], echo: true }, from, n);
      return socket.ask("echo");
    });
    await Promise.all(last);
    const all = await heard(...sockets);
    for (const got of all) {
      assert.deepEqual(got, all[0], "all hear the same");
      for (const from of sockets.keys()) {
        const numbers = got.filter(([who]) => who === from).map(([, n]) => n);
        assert.deepEqual(numbers, Array.from({ length: 100 }, (_, n) => n));
      }
    }
  });

  it("keeps the rooms of namespaces apart", async (t) => {
    const room = freshRoom();
    const [main, custom] = [await t.connect(), await t.connect({ namespace: "/custom" })];
    const other = await t.connect({ namespace: "/custom" });
    for (const socket of [main, custom, other]) await socket.ask("join", room);
    await custom.ask("say", { rooms: [room] }, "custom");
    assert.deepEqual(await heard(main, custom, other), [[], [], [["custom"]]]);
    await main.ask("say", { echo: true }, "main");
    assert.deepEqual(await heard(main, custom, other), [[["main"]], [], []]);
    const ids = await custom.ask("who");
    assert.deepEqual(ids.toSorted(), [custom.id, other.id].toSorted());
  });

  it("may lose what is volatile, but not its order, nor what comes after it", async (t) => {
    const room = freshRoom();
    const [speaker, listener] = [await t.connect(), await t.connect()];
    await listener.ask("join", room);
    const to = { rooms: [room], volatile: true };
    for (let n = 0; n < 20; n += 1) speaker.emit("say", to, n, Buffer.from([n]));
    await speaker.ask("say", { rooms: [room] }, "reliable");
    const [got] = await heard(listener);
    assert.deepEqual(got.pop(), ["reliable"]);
    const numbers = got.map(([n]) => n);
    assert.deepEqual(numbers, [...new Set(numbers)].toSorted((one, other) => one - other));
    assert.deepEqual(got, numbers.map((n) => [n, Buffer.from([n])]));
    // To a client that is at rest it does arrive, sooner or later.
    const arrived = next(listener, "said");
    let done = false;
    arrived.then(() => (done = true));
    while (!done) await speaker.ask("say", to, "now");
  });

  if (way === "polling") {
    it("does not keep what is volatile for a client that is not waiting", async (t) => {
      const speaker = await t.connect();
      const wire = new Wire(t.server);
      const session = await wire.joined();
      await speaker.ask("say", { volatile: true }, "lost");
      await speaker.ask("say", {}, "kept");
      assert.deepEqual(await session.poll(), ['42["said","kept"]']);
      wire.close();
    });
  }
}, "library");
