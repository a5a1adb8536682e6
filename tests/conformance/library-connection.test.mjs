// The crate as a library, by the official client: how connections begin and end, namespaces,
// refusals, and what each side is told when the other goes.
import assert from "node:assert/strict";
import { next, open } from "./support/official.mjs";
import { overEveryWay } from "./support/suite.mjs";

const IMPATIENT = ["--ping-interval", "300", "--ping-timeout", "1000"];
const QUICKLY = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 };

/** Another namespace over the connection of `socket`. */
function beside(t, socket, namespace, auth) {
  const other = t.keep(socket.io.socket(namespace));
  other.auth = auth;
  other.ask = (...event) => other.timeout(10_000).emitWithAck(...event);
  return other;
}

/** As `beside`, and connected. */
async function joined(t, socket, namespace, auth) {
  const other = beside(t, socket, namespace, auth);
  const connected = next(other, "connect");
  other.connect();
  await connected;
  return other;
}

/** The error that connecting to a namespace of the connection ends with. */
async function refusal(t, socket, namespace, auth) {
  const other = beside(t, socket, namespace, auth);
  const refused = next(other, "connect_error");
  other.connect();
  const [{ message, data }] = await refused;
  assert.equal(other.connected, false);
  other.disconnect();
  return { message, data };
}

/** A socket that is told who leaves `namespace`, and why: `left(id)`. */
async function watcher(t, namespace = "/") {
  const socket = await t.connect({ namespace });
  await socket.ask("join", "watchers");
  socket.left = async (id) => {
    for (let count = 1; ; count += 1) {
      const left = await socket.until(count, "left");
      const [, , reason] = left.find((event) => event[1] === id) ?? [];
      if (reason) return reason;
    }
  };
  return socket;
}

overEveryWay("library: connection", (it, way) => {
  it("gives the server the auth of each namespace", async (t) => {
    const socket = await t.connect({ auth: { token: "ä\"", list: [1, null] } });
    assert.deepEqual(await socket.ask("auth"), { token: "ä\"", list: [1, null] });
    const custom = await joined(t, socket, "/custom", (give) => give({ late: true }));
    assert.deepEqual(await custom.ask("auth"), { late: true });
    assert.deepEqual(await (await t.connect()).ask("auth"), {});
  });

  it("refuses with message and data, and lets in who knows the password", async (t) => {
    const socket = await t.connect();
    const refused = { message: "members only", data: { code: 401, hint: 'say "open …"' } };
    assert.deepEqual(await refusal(t, socket, "/members"), refused);
    assert.deepEqual(await refusal(t, socket, "/members", { password: "no" }), refused);
    assert.deepEqual(await refusal(t, socket, "/members", { password: ["open sesame"] }), refused);
    const member = beside(t, socket, "/members", { password: "open sesame" });
    const welcomed = next(member, "welcome");
    member.connect();
    assert.deepEqual(await welcomed, ["member"]);
    assert.equal(await member.ask("echo", 1), 1);
    assert.equal(await socket.ask("echo", 2), 2);
  });

  it("refuses a client whose only namespace it is, which may try again", async (t) => {
    const socket = t.keep(open(t.server, way, { namespace: "/members" }));
    const refused = next(socket, "connect_error");
    socket.connect();
    assert.equal((await refused)[0].message, "members only");
    socket.auth = { password: "open sesame" };
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    assert.equal(await socket.ask("echo", 1), 1);
  });

  it("knows no other namespaces, and keeps the connection", async (t) => {
    const socket = await t.connect();
    for (const name of ["/nope", "/custom/", "/custom/a", "/Custom", "/?a=1", "/ä", "/__proto__"]) {
      const answer = { message: "Invalid namespace", data: undefined };
      assert.deepEqual(await refusal(t, socket, name), answer, name);
    }
    assert.equal(await socket.ask("echo", 1), 1);
  });

  it("keeps several namespaces on one connection apart", async (t) => {
    const main = await t.connect();
    const custom = await joined(t, main, "/custom");
    const members = await joined(t, main, "/members", { password: "open sesame" });
    assert.equal(new Set([main.id, custom.id, members.id, main.io.engine.id]).size, 4);
    const got = [];
    for (const socket of [main, custom, members]) {
      socket.on("echo", (...args) => got.push([socket.nsp, ...args]));
    }
    for (let n = 0; n < 30; n += 1) [main, custom, members][n % 3].emit("echo", n, Buffer.from([n]));
    await Promise.all([main, custom, members].map((socket) => socket.ask("echo")));
    const expected = Array.from({ length: 30 }, (_, n) => {
      return [["/", "/custom", "/members"][n % 3], n, Buffer.from([n])];
    });
    assert.deepEqual(got, expected);
  });

  it("sends what was emitted before the connection stood, after it, in order", async (t) => {
    const socket = t.keep(open(t.server, way));
    for (let n = 0; n < 20; n += 1) socket.emit("echo", n);
    socket.connect();
    await socket.until(20);
    assert.deepEqual(socket.got, Array.from({ length: 20 }, (_, n) => ["echo", n]));
  });

  it("disconnects a socket from its namespace and leaves the others", async (t) => {
    const [watching, main] = [await watcher(t, "/custom"), await t.connect()];
    const custom = await joined(t, main, "/custom");
    const { id } = custom;
    const gone = next(custom, "disconnect");
    custom.emit("count", 3);
    custom.emit("kick");
    const numbers = [];
    custom.on("number", (n) => numbers.push(n));
    assert.equal((await gone)[0], "io server disconnect");
    assert.deepEqual(numbers, [0, 1, 2], "what was sent before arrives before");
    assert.equal(await watching.left(id), "server namespace disconnect");
    assert.equal(await main.ask("echo", 1), 1);
    const back = next(custom, "connect");
    custom.connect();
    await back;
    assert.notEqual(custom.id, id);
    assert.equal(await custom.ask("echo", 2), 2);
  });

  it("closes the whole connection when it is asked to", async (t) => {
    const [inMain, inCustom] = [await watcher(t), await watcher(t, "/custom")];
    const main = await t.connect();
    const custom = await joined(t, main, "/custom");
    const ids = [main.id, custom.id];
    const gone = [next(main, "disconnect"), next(custom, "disconnect"), next(main.io.engine, "close")];
    main.emit("count", 3);
    custom.emit("close");
    const [[first], [second]] = await Promise.all(gone);
    assert.deepEqual([first, second], ["io server disconnect", "io server disconnect"]);
    assert.equal((await main.until(3, "number")).length, 3);
    assert.equal(await inMain.left(ids[0]), "server namespace disconnect");
    assert.equal(await inCustom.left(ids[1]), "server namespace disconnect");
  });

  it("is told when a client leaves one namespace, and then another", async (t) => {
    const [inMain, inCustom] = [await watcher(t), await watcher(t, "/custom")];
    const main = await t.connect();
    const custom = await joined(t, main, "/custom");
    const ids = [main.id, custom.id];
    const gone = next(custom, "disconnect");
    custom.disconnect();
    assert.equal((await gone)[0], "io client disconnect");
    assert.equal(await inCustom.left(ids[1]), "client namespace disconnect");
    assert.equal(await main.ask("echo", 1), 1);
    main.disconnect();
    assert.equal(await inMain.left(ids[0]), "client namespace disconnect");
  });

  it("gives the reason of each end of a connection, on both ends", async (t) => {
    const watching = await watcher(t);
    const polls = (socket) => socket.io.engine.transport.name === "polling";
    const endings = {
      "the client closes": [(engine) => engine.close(), "forced close", "transport close"],
      "a packet of no known type": [(engine) => engine.write("7"), "transport close", "forced close"],
      "an event without an array": [(engine) => engine.write('2{}'), "transport close", "forced close"],
      "a reserved name": [(engine) => engine.write('2["connect"]'), "transport close", "forced close"],
      "an attachment that nothing announced": [
        (engine) => engine.write(Buffer.from([1])), "transport close", "forced close",
      ],
      "an event where it has not connected": [
        (engine) => engine.write('2/custom,["echo"]'), "transport close", "forced close",
      ],
      "a second connect": [(engine) => engine.write("0"), "transport close", "forced close"],
    };
    if (way === "websocket" || way === "upgrade") {
      const socket = (engine) => engine.transport.ws;
      endings["the connection is cut"] = [
        (engine) => socket(engine).terminate(), "transport close", "transport close",
      ];
      endings["a frame that is no packet"] = [
        (engine) => socket(engine).send("abc"), "transport close", "parse error",
      ];
    }
    for (const [title, [end, client, server]] of Object.entries(endings)) {
      const socket = await t.connect();
      const { id } = socket;
      const polling = polls(socket);
      const gone = next(socket, "disconnect");
      end(socket.io.engine);
      const [reason] = await gone;
      // A client that polls may also find its next request refused.
      if (!(polling && reason === "transport error")) assert.equal(reason, client, title);
      // Over polling the server's word tells whether a poll was there to be told by.
      const said = await watching.left(id);
      const word = polling && said === "forced server close" ? "forced close" : said;
      assert.equal(word, server, title);
    }
  });

  it("drops a client that stops answering pings, and says so", IMPATIENT, async (t) => {
    const [watching, socket] = [await watcher(t), await t.connect()];
    const { id, io: { engine } } = socket;
    const send = engine._sendPacket;
    engine._sendPacket = (type, ...rest) => type !== "pong" && send.call(engine, type, ...rest);
    const gone = next(socket, "disconnect");
    assert.equal(await watching.left(id), "ping timeout");
    const [reason] = await gone;
    assert.ok(["transport close", "ping timeout"].includes(reason), reason);
  });

  it("is there again for a client that lost it, which then sends what it kept", async (t) => {
    const socket = await t.connect(QUICKLY);
    const custom = await joined(t, socket, "/custom");
    const ids = [socket.id, custom.id];
    const gone = next(socket, "disconnect");
    const back = [next(socket, "connect"), next(custom, "connect")];
    socket.io.engine.close();
    await gone;
    for (let n = 0; n < 5; n += 1) socket.emit("echo", n);
    await Promise.all(back);
    assert.ok(!ids.includes(socket.id) && !ids.includes(custom.id), "new ids");
    await socket.until(5);
    assert.deepEqual(socket.got, Array.from({ length: 5 }, (_, n) => ["echo", n]));
    assert.equal(await custom.ask("echo", 1), 1);
  });

  if (way === "polling") {
    it("has nothing at other paths than the protocol's", async (t) => {
      for (const path of ["/", "/index.html", "/socket.io", "/healthz"]) {
        for (const method of ["GET", "HEAD", "POST"]) {
          const { status } = await fetch(t.server.url + path, { method });
          assert.equal(status, 404, `${method} ${path}`);
        }
      }
    });
  }

  it("ends every connection when it stops, and has them again when it starts", async (t) => {
    const server = await t.start();
    const socket = await t.connect(QUICKLY, server);
    // A post is answered, so the poll before it has arrived: the client is waiting now.
    const sent = next(socket.io.engine, "drain");
    socket.emit("nothing of ours");
    await sent;
    const gone = next(socket, "disconnect");
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.equal((await gone)[0], "transport close");
    const back = next(socket, "connect");
    await t.start([], `127.0.0.1:${server.port}`);
    await back;
    assert.equal(await socket.ask("echo", 1), 1);
  });
}, "library");
