// The room contract, by the official client: seats, roles, relays, refusals and leaving.
//
// "Nothing arrives" is never waited for: a later answer on the same connection shows that
// whatever would have arrived must have arrived before it.
import assert from "node:assert/strict";
import { freshRoom } from "./support/official.mjs";
import { overEveryWay } from "./support/suite.mjs";

const CANDIDATES = 1000;

/** The error of an answer, after looking at its shape. */
function refused({ ok, error }) {
  assert.equal(ok, undefined);
  assert.match(error.code, /^[a-z]+(-[a-z]+)*$/);
  assert.ok(error.message.length > 0);
  return error.code;
}

/** What a socket got up to now; the answer that is waited for came after all of it. */
async function upToNow(socket) {
  await socket.ask("ready", "nobody is here");
  return socket.got;
}

overEveryWay("room", (it) => {
  it("answers the first two of a room with created and joined, and the third with full", async (t) => {
    const room = freshRoom();
    for (const role of ["created", "joined", "full"]) {
      const socket = await t.connect();
      socket.emit("join", room);
      await socket.until(1);
      assert.deepEqual(socket.got, [[role]], "the event, and no argument");
    }
  });

  it("answers an ack with ok and the role, or with an error", async (t) => {
    const room = freshRoom();
    const [first, second, third] = [await t.connect(), await t.connect(), await t.connect()];
    assert.deepEqual(await first.ask("join", room), { ok: true, role: "created" });
    assert.deepEqual(await second.ask("join", room), { ok: true, role: "joined" });
    assert.equal(refused(await third.ask("join", room)), "full");
    assert.deepEqual(await second.ask("ready", room), { ok: true });
    for (const event of ["offer", "answer", "candidate"]) {
      assert.deepEqual(await second.ask(event, { sdp: "v=0" }, room), { ok: true });
      refused(await third.ask(event, { sdp: "v=0" }, room));
    }
    refused(await third.ask("ready", room));
    refused(await third.ask("leave", room));
    assert.deepEqual(await second.ask("leave", room), { ok: true });
  });

  it("relays ready without and the others with their payload, to the other person only", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    const [outsider, elsewhere] = [await t.connect(), await t.connect()];
    await elsewhere.ask("join", freshRoom());
    const offer = { type: "offer", sdp: "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n" };
    const answer = { type: "answer", sdp: "ä ö ü – 日本語 🎥 \u2028 \\ \" / \u0000" };
    const candidate = { candidate: "candidate:1 1 udp 1 a.local 9 typ host", sdpMLineIndex: 0 };
    joiner.emit("ready", room);
    await creator.until(1);
    creator.emit("offer", offer, room);
    await joiner.until(1);
    joiner.emit("answer", answer, room);
    joiner.emit("candidate", candidate, room);
    await creator.until(3);
    creator.emit("candidate", null, room);
    await joiner.until(2);
    assert.deepEqual(await upToNow(creator), [["ready"], ["answer", answer], ["candidate", candidate]]);
    assert.deepEqual(await upToNow(joiner), [["offer", offer], ["candidate", null]]);
    assert.deepEqual(await upToNow(outsider), []);
    assert.deepEqual(await upToNow(elsewhere), [["created"]]);
  });

  it("keeps every kind of JSON value as it is", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    const values = ["", "text", 0, -1.5, true, false, null, [], {}, [[{ a: [1, "2", null] }]]];
    for (const value of values) creator.emit("offer", value, room);
    await joiner.until(values.length);
    assert.deepEqual(joiner.got, values.map((value) => ["offer", value]));
  });

  for (const workers of [1, 4]) {
    const title = `relays ${CANDIDATES} candidates of each side in their order, threads: ${workers}`;
    it(title, ["--workers", String(workers)], async (t) => {
      const room = freshRoom();
      const pair = await t.couple(room);
      for (let number = 0; number < CANDIDATES; number += 1) {
        for (const socket of pair) socket.emit("candidate", { number }, room);
      }
      for (const socket of pair) {
        await socket.until(CANDIDATES);
        assert.deepEqual(
          socket.got.map(([, { number }]) => number),
          Array.from({ length: CANDIDATES }, (_, index) => index),
        );
      }
    });
  }

  it("relays nothing from those who do not sit in the room", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    const stranger = await t.connect();
    stranger.emit("ready", room);
    stranger.emit("offer", { sdp: "x" }, room);
    stranger.emit("leave", room);
    // A room named like a socket id is a room like any other: it does not reach that socket.
    stranger.emit("offer", { sdp: "x" }, creator.id);
    await stranger.ask("join", creator.id);
    stranger.emit("offer", { sdp: "x" }, creator.id);
    await stranger.ask("offer", { sdp: "x" }, creator.id);
    assert.deepEqual(await upToNow(creator), []);
    assert.deepEqual(await upToNow(joiner), []);
  });

  it("answers a second join of the same room as before, and takes no second seat", async (t) => {
    const room = freshRoom();
    const [first, second] = [await t.connect(), await t.connect()];
    assert.equal((await first.ask("join", room)).role, "created");
    assert.equal((await first.ask("join", room)).role, "created");
    assert.equal((await second.ask("join", room)).role, "joined");
    assert.equal((await second.ask("join", ` ${room}\t`)).role, "joined", "trimmed: the same room");
    assert.deepEqual(await upToNow(first), [["created"], ["created"]]);
    assert.deepEqual(await upToNow(second), [["joined"], ["joined"]]);
  });

  it("leaves the first room when another is joined, but not when that one is full", async (t) => {
    const [here, there, taken] = [freshRoom(), freshRoom(), freshRoom()];
    await t.couple(taken);
    const [creator, joiner] = await t.couple(here);
    refused(await joiner.ask("join", taken));
    assert.deepEqual(await upToNow(creator), [], "still together");
    assert.equal((await joiner.ask("join", there)).role, "created");
    await creator.until(1);
    assert.deepEqual(creator.got, [["leave"]]);
    refused(await joiner.ask("ready", here));
  });

  it("tells the other about a leave, and frees the seat", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    joiner.emit("leave", room);
    await creator.until(1);
    assert.deepEqual(creator.got, [["leave"]], "no argument");
    assert.deepEqual(await upToNow(joiner), [], "not told its own leave");
    assert.equal((await joiner.ask("join", room)).role, "joined");
  });

  it("makes whoever stays the creator for the next", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    await creator.ask("leave", room);
    assert.equal((await joiner.ask("join", room)).role, "created");
    assert.equal((await creator.ask("join", room)).role, "joined");
  });

  it("forgets a room when everybody has left", async (t) => {
    const room = freshRoom();
    const pair = await t.couple(room);
    for (const socket of pair) await socket.ask("leave", room);
    assert.equal((await pair[1].ask("join", room)).role, "created");
  });

  it("takes a disconnect for a leave", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    creator.disconnect();
    await joiner.until(1);
    assert.deepEqual(joiner.got, [["leave"]]);
    const next = await t.connect();
    assert.equal((await next.ask("join", room)).role, "joined");
  });

  it("takes a lost connection for a leave", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    joiner.io.engine.close();
    await creator.until(1);
    assert.deepEqual(creator.got, [["leave"]]);
  });

  it("takes names of 1 to 64 bytes once trimmed", async (t) => {
    const socket = await t.connect();
    for (const name of ["a", "a".repeat(64), "ä".repeat(32), `  ${"b".repeat(64)}  `, "🎥"]) {
      assert.deepEqual(await socket.ask("join", name), { ok: true, role: "created" }, name);
    }
  });

  it("answers other names, and what is no text, with room-error", async (t) => {
    const socket = await t.connect();
    const names = ["", "  \t ", "a".repeat(65), "ä".repeat(33), "a\nb", "a\u0000b", "a\u007fb"];
    const others = [null, 1, true, [], {}, ["room"], { room: "a" }];
    const wrong = [...names, ...others].map((value) => ["join", value]);
    for (const event of [...wrong, ["join"], ["ready", 1], ["offer", {}], ["leave", {}]]) {
      socket.got.length = 0;
      refused(await socket.ask(...event));
      const [[name, error, ...more]] = await socket.until(1);
      assert.equal(name, "room-error", JSON.stringify(event));
      refused({ error });
      assert.deepEqual(more, []);
    }
  });

  it("keeps its seat after a room-error", async (t) => {
    const room = freshRoom();
    const [creator, joiner] = await t.couple(room);
    refused(await joiner.ask("join", ""));
    assert.deepEqual(await joiner.ask("ready", room), { ok: true });
    await creator.until(1);
    assert.deepEqual(creator.got, [["ready"]]);
  });

  it("ignores events that it does not know", async (t) => {
    const socket = await t.connect();
    socket.emit("no such event", 1, { two: 3 });
    socket.emit("message", "hello");
    assert.deepEqual(await upToNow(socket), []);
    assert.ok(socket.connected);
  });
});
