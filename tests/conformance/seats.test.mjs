// Seats that survive a lost connection, by the official client: held for who has a key and is lost
// without a word, taken over by that key, given up at once by who says goodbye or has no key. There
// is no control: the original has no such seats.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { WAYS, connect, freshRoom } from "./support/official.mjs";
import { startRelay } from "../relay.mjs";
import { start, targets } from "./support/server.mjs";

const TEST_MS = 30_000;
const RESUME = { resume: true };
const freshKey = () => randomBytes(16).toString("hex");

for (const way of Object.keys(WAYS)) {
  describe(`seats by ${way}`, { skip: !targets().includes("parlor") }, () => {
    let server;
    before(async () => (server = await start("parlor")));
    after(() => server.stop());

    /** A test whose clients and relays are gone after it. */
    const it = (title, run) =>
      test(title, { timeout: TEST_MS }, async (t) => {
        const come = async (seat, to = server) => {
          const socket = await connect(to, way, seat === undefined ? {} : { auth: { seat } });
          t.after(() => socket.disconnect());
          return socket;
        };
        /** Somebody whose connection can be cut. */
        const fragile = async (seat, to = server) => {
          const between = await startRelay(to);
          t.after(() => between.cut());
          return [await come(seat, between), between];
        };
        await run({ come, fragile, room: freshRoom(), key: freshKey() });
      });

    for (const reset of [false, true]) {
      it(`holds the seat of a connection that is ${reset ? "reset" : "ended"} without a word`, async (t) => {
        const [lost, between] = await t.fragile(t.key);
        const other = await t.come();
        await lost.ask("join", t.room);
        await other.ask("join", t.room);
        lost.emit("offer", 0, t.room);
        await other.until(2);
        between.cut({ reset });
        await other.until(3);
        assert.deepEqual(other.got, [["joined"], ["offer", 0], ["peer-away"]], "no argument");
        const stranger = await t.come(freshKey());
        assert.equal((await stranger.ask("join", t.room)).error.code, "full");
        assert.deepEqual(await other.ask("candidate", 1, t.room), { ok: true });

        const back = await t.come(t.key);
        const seated = await back.ask("join", t.room, RESUME);
        assert.deepEqual(seated, { ok: true, role: "created", peer: true });
        await other.until(4);
        assert.deepEqual(other.got[3], ["peer-back"]);
        other.emit("candidate", 2, t.room);
        await back.until(2);
        assert.deepEqual(back.got, [["created"], ["candidate", 2]]);
      });
    }

    it("takes a page that comes back without its call for one that left and came", async (t) => {
      const [lost, between] = await t.fragile(t.key);
      const other = await t.come();
      await lost.ask("join", t.room);
      await other.ask("join", t.room);
      between.cut();
      await other.until(2);
      const back = await t.come(t.key);
      assert.deepEqual(await back.ask("join", t.room), { ok: true, role: "joined" });
      await other.until(3);
      assert.deepEqual(other.got, [["joined"], ["peer-away"], ["leave"]]);
    });

    it("gives the seat of who has no key, or too short a one, up at once", async (t) => {
      for (const seat of [undefined, "", freshKey().slice(1)]) {
        const room = freshRoom();
        const [lost, between] = await t.fragile(seat);
        const other = await t.come();
        await lost.ask("join", room);
        await other.ask("join", room);
        between.cut();
        await other.until(2);
        assert.deepEqual(other.got, [["joined"], ["leave"]]);
      }
    });

    const goodbyes = {
      "the event leave": (socket, room) => socket.emit("leave", room),
      "a disconnect packet": (socket) => socket.disconnect(),
      "the end of the engine": (socket) => socket.io.engine.close(),
    };
    if (way === "websocket" || way === "upgrade") {
      for (const code of [1000, 1001]) {
        goodbyes[`close code ${code}`] = (socket) => closeFrame(socket, code);
      }
      goodbyes["a close frame without a code"] = (socket) => closeFrame(socket);

      it("holds the seat of who closes with a code that is no goodbye", async (t) => {
        const [gone, other] = [await t.come(t.key), await t.come()];
        await gone.ask("join", t.room);
        await other.ask("join", t.room);
        closeFrame(gone, 4000);
        await other.until(2);
        assert.deepEqual(other.got, [["joined"], ["peer-away"]]);
      });
    }
    for (const [title, goodbye] of Object.entries(goodbyes)) {
      it(`gives a seat up at once: ${title}`, async (t) => {
        const [gone, other] = [await t.come(t.key), await t.come()];
        await gone.ask("join", t.room);
        await other.ask("join", t.room);
        goodbye(gone, t.room);
        await other.until(2);
        assert.deepEqual(other.got, [["joined"], ["leave"]]);
      });
    }

    it("lets a second page with the key take the seat of the first over", async (t) => {
      const [first, other] = [await t.come(t.key), await t.come()];
      await first.ask("join", t.room);
      await other.ask("join", t.room);
      const copy = await t.come(t.key);
      assert.equal((await copy.ask("join", t.room)).role, "joined");
      await Promise.all([first.until(2), other.until(2)]);
      assert.deepEqual(first.got, [["created"], ["taken-over"]], "no argument");
      assert.deepEqual(other.got, [["joined"], ["leave"]]);
      assert.equal((await first.ask("leave", t.room)).error.code, "not-seated");

      const next = await t.come(t.key);
      assert.equal((await next.ask("join", t.room, RESUME)).role, "joined");
      await copy.until(2);
      assert.deepEqual(copy.got, [["joined"], ["taken-over"]]);
      assert.deepEqual(await other.ask("ready", t.room), { ok: true });
      await next.until(2);
      assert.deepEqual(next.got, [["joined"], ["ready"]]);
      assert.equal(other.got.length, 2, "silently");
    });

    it("keeps a page that comes by itself from the seat of another page with its key", async (t) => {
      const [first, other] = [await t.come(t.key), await t.come()];
      await first.ask("join", t.room, { page: 1 });
      await other.ask("join", t.room);
      const copy = await t.come(t.key);
      await copy.ask("join", t.room, { page: 2 });
      const thawed = await t.come(t.key);
      const again = await thawed.ask("join", t.room, { page: 1, again: true });
      assert.equal(again.error.code, "taken-over");
      assert.deepEqual(thawed.got, [["taken-over"]], "no argument");
      assert.deepEqual(copy.got, [["joined"]]);
      assert.deepEqual(other.got, [["joined"], ["leave"]]);
    });

    it("takes it from a page that left without a connection to say so by", async (t) => {
      const [lost, between] = await t.fragile(t.key);
      const other = await t.come();
      await lost.ask("join", t.room, { page: 1 });
      await other.ask("join", t.room);
      between.cut();
      const back = await t.come(t.key);
      assert.deepEqual(await back.ask("leave", t.room, { page: 1 }), { ok: true });
      await other.until(1, "leave");
      assert.equal((await back.ask("leave", t.room, { page: 1 })).error.code, "not-seated");
    });

    it("logs no key, however much is logged", async (t) => {
      const talkative = await start("parlor", ["--log", "trace"]);
      const [lost, between] = await t.fragile(t.key, talkative);
      const other = await t.come(undefined, talkative);
      await lost.ask("join", t.room);
      await other.ask("join", t.room);
      between.cut();
      await other.until(2);
      const back = await t.come(t.key, talkative);
      await back.ask("join", t.room, RESUME);
      await talkative.stop();
      assert.match(talkative.log(), /back by its key/);
      assert.doesNotMatch(talkative.log(), new RegExp(t.key.slice(0, 16), "i"));
    });
  });
}

describe("a seat that is held", { skip: !targets().includes("parlor") }, () => {
  for (const hold of ["300ms", "0"]) {
    test(`is given up after --seat-hold ${hold}`, { timeout: TEST_MS }, async (t) => {
      const server = await start("parlor", ["--seat-hold", hold]);
      t.after(() => server.stop());
      const [between, room] = [await startRelay(server), freshRoom()];
      const lost = await connect(between, "websocket", { auth: { seat: freshKey() } });
      const other = await connect(server, "websocket");
      t.after(() => [lost, other].map((socket) => socket.disconnect()));
      await lost.ask("join", room);
      await other.ask("join", room);
      between.cut();
      await other.until(1, "leave");
      const before = hold === "0" ? [] : [["peer-away"]];
      assert.deepEqual(other.got, [["joined"], ...before, ["leave"]]);
      const next = await connect(server, "websocket");
      t.after(() => next.disconnect());
      assert.equal((await next.ask("join", room)).role, "joined");
    });
  }
});

/** Closes a client's WebSocket as a browser would, by a close frame, and sends no packet before. */
function closeFrame(socket, code) {
  socket.io.engine.transport.ws.close(code);
}
