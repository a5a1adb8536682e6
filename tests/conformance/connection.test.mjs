// How connections begin, live and end, as the official client sees it.
import assert from "node:assert/strict";
import { next, freshRoom } from "./support/official.mjs";
import { overEveryWay } from "./support/suite.mjs";

const LIVELY = ["--ping-interval", "300ms", "--ping-timeout", "5s"];
const IMPATIENT = ["--ping-interval", "300ms", "--ping-timeout", "1s"];
const HEARTBEATS = 4;
/** Over the limit of 128 KiB on a message. */
const TOO_LONG = "x".repeat(140_000);
/** Just under it, with what is around it in the packet. */
const LONG = "x".repeat(130_000);

overEveryWay("connection", (it, way) => {
  it("connects over the transport that was asked for", async (t) => {
    const socket = await t.connect();
    assert.equal(socket.connected, true);
    assert.equal(socket.recovered ?? false, false);
    assert.notEqual(socket.id, socket.io.engine.id, "the public id is not the secret one");
    const [first] = socket.io.opts.transports;
    const expected = { upgrade: "websocket", "during the upgrade": first }[t.way] ?? first;
    if (t.way !== "during the upgrade") assert.equal(socket.io.engine.transport.name, expected);
    assert.deepEqual(socket.got, [], "nothing comes before it is asked for");
  });

  if (way === "during the upgrade") {
    it("answers while the upgrade goes on, and loses nothing", async (t) => {
      const [socket, other] = [await t.connect(), await t.connect()];
      const room = freshRoom();
      await other.ask("join", room);
      await socket.ask("join", room);
      other.got.length = 0;
      const upgraded = socket.io.engine.transport.name === "websocket"
        ? Promise.resolve()
        : next(socket.io.engine, "upgrade");
      let sent = 0;
      let done = false;
      upgraded.then(() => (done = true));
      while (!done) {
        socket.emit("candidate", sent, room);
        await socket.ask("candidate", sent + 1, room);
        sent += 2;
      }
      await socket.ask("candidate", sent, room);
      await other.until(sent + 1);
      assert.deepEqual(other.got, Array.from({ length: sent + 1 }, (_, n) => ["candidate", n]));
    });
  }

  it("refuses unknown namespaces by name and keeps the connection", async (t) => {
    const socket = await t.connect();
    for (const name of ["/nope", "/a/b", "/?x=1", "/socket.io", "/chat-äö", "/__proto__"]) {
      const refused = t.keep(socket.io.socket(name));
      const answered = next(refused, "connect_error");
      refused.connect();
      const [error] = await answered;
      assert.equal(error.message, "Invalid namespace", name);
      assert.equal(error.data, undefined);
      assert.equal(refused.connected, false);
    }
    assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
  });

  it("stays through several heartbeats", LIVELY, async (t) => {
    const socket = await t.connect();
    for (let beat = 0; beat < HEARTBEATS; beat += 1) await next(socket.io.engine, "ping");
    assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
  });

  it("drops a client that stops answering pings, and tells the other", IMPATIENT, async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    const engine = joiner.io.engine;
    const send = engine.sendPacket ?? engine._sendPacket;
    const name = engine.sendPacket ? "sendPacket" : "_sendPacket";
    engine[name] = (type, ...rest) => type !== "pong" && send.call(engine, type, ...rest);
    const gone = next(joiner, "disconnect");
    await creator.until(1);
    assert.deepEqual(creator.got, [["leave"]]);
    const [reason] = await gone;
    assert.ok(["transport close", "ping timeout"].includes(reason), reason);
  });

  it("notices that the server went silent", IMPATIENT, async (t) => {
    const server = await t.start(IMPATIENT);
    const socket = await t.connect({}, server);
    const gone = next(socket, "disconnect");
    server.pause();
    const [reason] = await gone;
    server.resume();
    assert.equal(reason, "ping timeout");
  });

  it("takes what is just under the limit of a message", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    creator.emit("offer", LONG, room);
    await joiner.until(1);
    assert.equal(joiner.got[0][1], LONG);
  });

  it("closes a client that sends more than the limit", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    const gone = next(joiner, "disconnect");
    joiner.emit("offer", TOO_LONG, room);
    const [reason] = await gone;
    const polling = reason === "transport error";
    if (t.way === "polling") assert.ok(polling, reason);
    else if (t.way !== "during the upgrade") assert.equal(reason, "transport close");
    await creator.until(1);
    assert.deepEqual(creator.got, [["leave"]]);
  });

  it("says transport close when the server stops, and comes back when it is there again", async (t) => {
    const server = await t.start();
    const options = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };
    const [creator, joiner] = [await t.connect(options, server), await t.connect(options, server)];
    const room = freshRoom();
    await creator.ask("join", room);
    await joiner.ask("join", room);
    creator.got.length = joiner.got.length = 0;
    // A post is answered, so the poll before it has arrived: whoever polls is waiting now.
    for (const socket of [creator, joiner]) {
      const sent = next(socket.io.engine, "drain");
      socket.emit("nothing of ours");
      await sent;
    }
    const ids = [creator.id, joiner.id];
    const gone = [next(creator, "disconnect"), next(joiner, "disconnect")];
    const ended = await server.stop();
    assert.deepEqual(ended, { code: 0, signal: null });
    for (const [reason] of await Promise.all(gone)) assert.equal(reason, "transport close");
    const back = [next(creator, "connect"), next(joiner, "connect")];
    await t.start([], `127.0.0.1:${server.port}`);
    await Promise.all(back);
    assert.ok(!ids.includes(creator.id) && !ids.includes(joiner.id), "new ids");
    assert.deepEqual(joiner.got, [], "a stop of the server is no leave: the call goes on");
    assert.deepEqual(await joiner.ask("join", room), { ok: true, role: "created" });
    assert.deepEqual(await creator.ask("join", room), { ok: true, role: "joined" });
  });

  it("ends with the reason of whoever ended it", async (t) => {
    const [first, second] = [await t.connect(), await t.connect()];
    const gone = [next(first, "disconnect"), next(second, "disconnect")];
    first.disconnect();
    second.io.engine.close();
    const [[reason], [lost]] = await Promise.all(gone);
    assert.equal(reason, "io client disconnect");
    assert.equal(lost, "forced close");
  });

  it("connects again on the same client after a disconnect", async (t) => {
    const socket = await t.connect();
    const { id } = socket;
    socket.disconnect();
    const back = next(socket, "connect");
    socket.connect();
    await back;
    assert.notEqual(socket.id, id);
    assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
  });

  it("does not mind auth and query that it has no use for", async (t) => {
    const socket = await t.connect({ auth: { token: "ä" }, query: { one: "1", "a b": "&=" } });
    assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
  });

  it("answers acks of many events at once, each with its own", async (t) => {
    const socket = await t.connect();
    const rooms = Array.from({ length: 50 }, freshRoom);
    const answers = await Promise.all(rooms.map((room) => socket.ask("join", room)));
    for (const answer of answers) assert.deepEqual(answer, { ok: true, role: "created" });
    assert.equal(socket.got.length, rooms.length);
  });
});
