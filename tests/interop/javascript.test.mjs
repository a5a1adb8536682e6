// Every generation of npm's client, over every way it knows, does what clients do.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { pool, targets } from "../conformance/support/server.mjs";
import { GENERATIONS } from "./generations.mjs";

/** Watchdog only: nothing waits this long in a run that passes. */
const PATIENCE_MS = 20_000;
const TEST_MS = 60_000;
/** Versions, and tests of each, that run at one time. */
const AT_ONCE = 4;

const WAYS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};
/** ASCII, as 1.7.3 expects text in payloads to be UTF-8 twice: with itself only it agrees. */
const WHO = { token: "a b&c" };

/** Resolves with the arguments of the next `event`. */
function next(emitter, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, PATIENCE_MS, new Error(`no ${event} within ${PATIENCE_MS} ms`));
    emitter.once(event, (...args) => (clearTimeout(timer), resolve(args)));
  });
}

/** Emits and resolves with the arguments of the answer. */
function ask(socket, ...event) {
  return new Promise((resolve) => socket.emit(...event, (...answer) => resolve(answer)));
}

/** Resolves with what the server says to a socket that has connected. */
async function greeted(socket) {
  const [, [hello]] = await Promise.all([next(socket, "connect"), next(socket, "hello")]);
  return hello;
}

/** One client: a manager with its sockets. They connect as soon as they are made. */
class Client {
  constructor(io, generation, way, url) {
    this.generation = generation;
    this.main = io(url, {
      ...WAYS[way],
      forceNew: true,
      reconnectionDelay: 1,
      reconnectionDelayMax: 10,
      ...generation.introduce(WHO),
    });
    this.manager = this.main.io;
    this.hello = greeted(this.main);
    this.upgraded = way === "upgrade" ? next(this.manager.engine, "upgrade") : undefined;
  }

  /** Resolves when the main namespace is connected over the last transport. */
  async connected() {
    await Promise.all([this.hello, this.upgraded]);
  }

  socket(namespace) {
    return this.manager.socket(namespace, this.generation.introduce(WHO));
  }

  /** The sockets of both namespaces, connected. */
  async both() {
    await this.connected();
    const custom = this.socket("/custom");
    await greeted(custom);
    return [this.main, custom];
  }

  close() {
    this.manager.reconnection(false);
    for (const socket of Object.values(this.manager.nsps)) socket.disconnect();
  }
}

/** The tests of one generation over one way: `it(title, run)`, where `run` gets a new client. */
function behaves(generation, it) {
  it("is greeted in two namespaces, with what it said of itself", async (client) => {
    await client.connected();
    assert.deepEqual(await client.hello, { you: generation.knownInMain(WHO) });
    assert.deepEqual(await greeted(client.socket("/custom")), { you: WHO });
  });

  it("gets its arguments back, as event and as answer, in both namespaces", async (client) => {
    const args = ["é ☃ 😀", 1.5, null, true, ["a", {}], { deep: { list: [1, "x"] } }, ""];
    for (const socket of await client.both()) {
      const echo = next(socket, "echo");
      assert.deepEqual(await ask(socket, "echo", ...args), args);
      assert.deepEqual(await echo, args);
      const plain = next(socket, "echo");
      socket.emit("echo");
      assert.deepEqual(await plain, []);
    }
  });

  it("answers a question of the server's", async (client) => {
    for (const socket of await client.both()) {
      socket.once("question", (number, answer) => answer({ next: number + 1, text: "ü" }));
      const answer = next(socket, "answer");
      socket.emit("ackme");
      assert.deepEqual(await answer, [{ next: 43, text: "ü" }]);
    }
  });

  it("sends binary and gets it back, as event and as answer", async (client) => {
    const bytes = Buffer.from([0, 1, 0x1e, 0x34, 0xfe, 0xff]);
    const nested = { list: [bytes, { empty: Buffer.alloc(0) }], text: "b64" };
    for (const socket of await client.both()) {
      const bin = next(socket, "bin");
      assert.deepEqual(await ask(socket, "bin", bytes), [bytes]);
      assert.deepEqual(await bin, [bytes]);
      assert.deepEqual(await ask(socket, "echo", nested, bytes), [nested, bytes]);
      socket.once("question", (number, answer) => answer(bytes));
      const answer = next(socket, "answer");
      socket.emit("ackme");
      assert.deepEqual(await answer, [bytes]);
    }
  });

  it("is told why a namespace refuses it, and keeps its others", async (client) => {
    await client.connected();
    for (const [namespace, refusal] of Object.entries(generation.refusal)) {
      const [told] = await next(client.socket(namespace), generation.refusedBy);
      const { message, data } = told;
      assert.deepEqual(told instanceof Error ? { message, data } : told, refusal, namespace);
    }
    assert.deepEqual(await ask(client.main, "echo", 1), [1]);
  });

  it("is disconnected from one namespace, keeps the other, and may come back", async (client) => {
    const [main, custom] = await client.both();
    const gone = next(custom, "disconnect");
    custom.emit("kick");
    assert.equal((await gone)[0], "io server disconnect");
    assert.deepEqual(await ask(main, "echo", 1), [1]);
    const back = greeted(custom);
    custom.connect();
    await back;
    assert.deepEqual(await ask(custom, "echo", 2), [2]);
  });

  it("comes back by itself after its connection was lost, with what it kept", async (client) => {
    const sockets = await client.both();
    const ids = sockets.map(({ id }) => id);
    const gone = sockets.map((socket) => next(socket, "disconnect"));
    const back = sockets.map(greeted);
    client.manager.engine.close();
    await Promise.all(gone);
    const kept = sockets.map((socket) => next(socket, "echo"));
    sockets.forEach((socket, n) => socket.emit("echo", n));
    await Promise.all(back);
    assert.deepEqual(await Promise.all(kept), [[0], [1]]);
    sockets.forEach(({ id }, n) => assert.notEqual(id, ids[n]));
  });
}

for (const target of targets("interop")) {
  describe(`npm's client [${target}]`, { concurrency: AT_ONCE }, () => {
    const servers = pool(target);
    after(() => servers.stop());
    for (const [version, generation] of Object.entries(GENERATIONS)) {
      for (const way of Object.keys(WAYS)) {
        describe(`${version} over ${way}`, () => {
          behaves(generation, (title, run) => {
            test(title, { timeout: TEST_MS }, async () => {
              const { default: io } = await import(`client-${version}`);
              const server = await servers.get(generation.flags);
              const client = new Client(io, generation, way, server.url);
              try {
                await run(client);
              } finally {
                client.close();
              }
            });
          });
        });
      }
    }
  });
}
