// The crate as a library, by the official client: events, answers and binary, both ways.
//
// The servers are examples/socketio_server.rs and its twin on the official server; the top of the
// example says what each event does.
import assert from "node:assert/strict";
import { next } from "./support/official.mjs";
import { overEveryWay } from "./support/suite.mjs";

const MANY = 500;
/** The library's limit on a message, which is the official server's default. */
const LIMIT = 1_000_000;
/** Bytes of a packet `42["echo","..."]` beside its text. */
const AROUND = '42["echo",""]'.length;

const VALUES = [
  ["", "text", "ä ö ü – 日本語 🎥", "\u2028\u2029\u0000\u001f\u007f\\\"/\b\f\n\r\t", "</script>"],
  [0, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE],
  [true, false, null],
  [[], {}, [[]], [[[[["deep"]]]]], { a: { b: [{ c: null }] } }, { "": "", "ä\"\\": [1, "2"] }],
  [{ _placeholder: true, num: 0 }],
  ["a string like a packet: 42[\"echo\"]", "a\u001eseparator"],
  [],
];
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
const BINARY = [
  [BYTES],
  [Buffer.alloc(0)],
  [{ deep: [{ bytes: BYTES }, "text"] }],
  [BYTES, "between", Buffer.from("second"), Buffer.alloc(0), { third: Buffer.from("ä") }],
  [Array.from({ length: 10 }, (_, n) => Buffer.from([n]))],
  [Buffer.alloc(200_000, 7)],
];

overEveryWay("library: events", (it, way) => {
  it("gives every kind of JSON value back, as an event and as an answer", async (t) => {
    const socket = await t.connect();
    for (const args of VALUES) socket.emit("echo", ...args);
    await socket.until(VALUES.length);
    assert.deepEqual(socket.got, VALUES.map((args) => ["echo", ...args]));
    for (const args of VALUES) {
      const answer = await new Promise((resolve) => {
        socket.emit("echo", ...args, (...all) => resolve(all));
      });
      assert.deepEqual(answer, args);
    }
  });

  it("writes what JSON does not have as the client does", async (t) => {
    const socket = await t.connect();
    const date = new Date(0);
    const sent = [undefined, NaN, Infinity, date, [undefined, , 1], { gone: undefined }, -0];
    socket.emit("echo", ...sent);
    await socket.until(1);
    assert.deepEqual(socket.got[0].slice(1), JSON.parse(JSON.stringify(sent)));
  });

  it("carries strings of 100 KB, of one byte a character and of more", async (t) => {
    const socket = await t.connect();
    const strings = ["x".repeat(100_000), "ä日🎥".repeat(10_000), "\n\"\\".repeat(30_000)];
    for (const string of strings) assert.equal(await socket.ask("echo", string), string);
    socket.emit("echo", ...strings);
    await socket.until(1);
    assert.deepEqual(socket.got, [["echo", ...strings]]);
  });

  it("answers many at once, each its own, and with as many arguments as came", async (t) => {
    const socket = await t.connect();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => new Promise((resolve) => {
        socket.emit("echo", ...Array(n % 4).fill(n), (...all) => resolve(all));
      })),
    );
    assert.deepEqual(answers, Array.from({ length: 100 }, (_, n) => Array(n % 4).fill(n)));
    assert.deepEqual(socket.got, []);
  });

  it("takes an answer that another task gives", async (t) => {
    const socket = await t.connect();
    const values = Array.from({ length: 50 }, (_, n) => ({ n }));
    const answers = await Promise.all(values.map((value) => socket.ask("later", value)));
    assert.deepEqual(answers, values);
  });

  it("lets the client's own time-out pass when there is no answer", async (t) => {
    const socket = await t.connect();
    await assert.rejects(socket.timeout(50).emitWithAck("nobody listens to this"), {
      message: "operation has timed out",
    });
    assert.equal(await socket.ask("echo", "still here"), "still here");
  });

  it("gets the client's answers, of none or several arguments, binary too", async (t) => {
    const [asking, asked] = [await t.connect(), await t.connect()];
    const answers = [[], ["one"], [null, { two: [2] }, 3], [BYTES, { nested: [Buffer.alloc(0)] }]];
    asked.on("question", (number, answer) => answer(...answers[number]));
    for (const [number, answer] of answers.entries()) {
      assert.deepEqual(await asking.ask("ask", asked.id, number, 10_000), { answer });
    }
    // All at once, and by the one who asks itself.
    asking.on("question", (text, answer) => answer(text));
    const all = Array.from({ length: 50 }, (_, n) => asking.ask("ask", asking.id, n, 10_000));
    assert.deepEqual(await Promise.all(all), all.map((_, n) => ({ answer: [n] })));
  });

  it("waits for a client's answer until the time-out, and ignores a later one", async (t) => {
    const [asking, asked] = [await t.connect(), await t.connect()];
    const timedOut = { error: "operation has timed out" };
    const late = [];
    asked.on("question", (text, answer) => late.push(answer));
    assert.deepEqual(await asking.ask("ask", asked.id, "one", 20), timedOut);
    const both = [asking.ask("ask", asked.id, "two", 60), asking.ask("ask", asked.id, "three", 20)];
    assert.deepEqual(await Promise.all(both), [timedOut, timedOut]);
    await asked.until(3, "question");
    for (const answer of late) answer("too late");
    assert.equal(await asked.ask("echo", "after the late ones"), "after the late ones");
    assert.equal(await asking.ask("echo", "nothing came"), "nothing came");
    assert.deepEqual(asking.got, []);
  });

  it("tells who asked that the one who was asked has gone", async (t) => {
    const [asking, asked] = [await t.connect(), await t.connect()];
    asked.on("question", () => asked.disconnect());
    // The official server lets the time-out pass; ours says at once what it knows.
    const [milliseconds, error] = t.target === "library"
      ? [10_000, "socket has been disconnected"]
      : [50, "operation has timed out"];
    assert.deepEqual(await asking.ask("ask", asked.id, "there?", milliseconds), { error });
  });

  it("gives binary back: alone, empty, nested and several, as an event and as an answer", async (t) => {
    const socket = await t.connect();
    for (const args of BINARY) socket.emit("echo", ...args);
    await socket.until(BINARY.length);
    assert.deepEqual(socket.got, BINARY.map((args) => ["echo", ...args]));
    for (const args of BINARY) {
      const answer = await new Promise((resolve) => {
        socket.emit("echo", ...args, (...all) => resolve(all));
      });
      assert.deepEqual(answer, args);
    }
  });

  it("takes every form of binary that a client has", async (t) => {
    const socket = await t.connect();
    const { buffer } = new Uint8Array([9, 8, 7]);
    const forms = [buffer, new Uint8Array(buffer, 1), new Uint16Array([1, 2]), new DataView(buffer)];
    const bytes = [[9, 8, 7], [8, 7], [1, 0, 2, 0], [9, 8, 7]];
    for (const [at, form] of forms.entries()) {
      const [length, back] = [bytes[at].length, await socket.ask("echo", form)];
      assert.deepEqual([...back], bytes[at], `form ${at} of ${length}`);
    }
  });

  it("sends binary that was made by the server", async (t) => {
    const socket = await t.connect();
    const pixels = Buffer.from([0, 1, 254, 255]);
    socket.emit("picture");
    await socket.until(1);
    const more = { name: "dot", parts: [1, pixels, Buffer.alloc(0)] };
    assert.deepEqual(socket.got, [["picture", pixels, more]]);
  });

  it("lets the server read binary, alone and nested", async (t) => {
    const socket = await t.connect();
    const weigh = (what) => new Promise((resolve) => {
      socket.emit("weigh", what, (...all) => resolve(all));
    });
    assert.deepEqual(await weigh(BYTES), [null, 256]);
    assert.deepEqual(await weigh(Buffer.alloc(0)), [null, 0]);
    assert.deepEqual(await weigh({ name: "ä", bytes: BYTES }), ["ä", 256]);
  });

  it("closes a client that sends more attachments than a packet may have", async (t) => {
    const socket = await t.connect();
    const gone = next(socket, "disconnect");
    socket.emit("echo", Array.from({ length: 11 }, () => BYTES));
    const [reason] = await gone;
    assert.ok(["transport close", "transport error"].includes(reason), reason);
    assert.deepEqual(socket.got, []);
  });

  it(`keeps the order of ${MANY} events, text and binary mixed`, async (t) => {
    const socket = await t.connect();
    const expected = [];
    for (let n = 0; n < MANY; n += 1) {
      const args = n % 5 === 4 ? [n, Buffer.from(String(n))] : [n];
      expected.push(["echo", ...args]);
      socket.emit("echo", ...args);
    }
    await socket.until(MANY);
    assert.deepEqual(socket.got, expected);
  });

  it(`keeps the order of ${MANY} events of the server, answers in their place`, async (t) => {
    const socket = await t.connect();
    let before;
    socket.emit("count", MANY);
    socket.emit("echo", "marker", () => (before = socket.got.length));
    socket.emit("count", MANY);
    await socket.until(2 * MANY);
    const numbers = Array.from({ length: MANY }, (_, n) => ["number", n]);
    assert.deepEqual(socket.got, [...numbers, ...numbers]);
    assert.equal(before, MANY);
  });

  if (way === "during the upgrade") {
    it(`keeps the order of ${MANY} events that go both ways while the upgrade goes on`, async (t) => {
      const socket = await t.connect();
      const upgraded = socket.io.engine.transport.name === "websocket"
        ? Promise.resolve()
        : next(socket.io.engine, "upgrade");
      // A few go out in each turn of the client, so that some meet each step of the upgrade.
      for (let n = 0; n < MANY; n += 1) {
        socket.emit("echo", n);
        if (n % 10 === 9) await new Promise(setImmediate);
      }
      await upgraded;
      assert.equal(await socket.ask("echo", "over WebSocket"), "over WebSocket");
      assert.deepEqual(socket.got, Array.from({ length: MANY }, (_, n) => ["echo", n]));
    });
  }

  it("takes messages up to the limit", async (t) => {
    const socket = await t.connect();
    const longest = "x".repeat(LIMIT - AROUND);
    socket.emit("echo", longest);
    await socket.until(1);
    assert.equal(socket.got[0][1], longest);
    const binary = Buffer.alloc(700_000, 1);
    assert.deepEqual(await socket.ask("echo", binary), binary);
  });

  it("closes a client that sends more than the limit", async (t) => {
    const socket = await t.connect();
    const gone = next(socket, "disconnect");
    socket.emit("echo", "x".repeat(LIMIT - AROUND + 1));
    const [reason] = await gone;
    const expected = { polling: "transport error", "during the upgrade": reason }[way];
    assert.equal(reason, expected ?? "transport close");
    assert.deepEqual(socket.got, []);
  });
}, "library");
