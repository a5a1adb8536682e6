// Lays tests out over every server under test and every way to reach it.
import { after, describe, test } from "node:test";
import { WAYS, connect, couple } from "./official.mjs";
import { pool, start, targets } from "./server.mjs";

const TEST_MS = 30_000;

/**
 * `define(it, way)` once per server of the pair and way. `it(title, flags?, run)` makes a test;
 * `run` gets `{server, way, connect, couple, start, target}` and the clients it makes are closed
 * after it.
 */
export function overEveryWay(title, define, pair) {
  for (const target of targets(pair)) {
    describe(`${title} [${target}]`, () => {
      const servers = pool(target);
      after(() => servers.stop());
      for (const way of Object.keys(WAYS)) {
        describe(way, () => define(maker(target, way, servers), way));
      }
    });
  }
}

function maker(target, way, servers) {
  return (title, ...rest) => {
    const run = rest.pop();
    const [flags = []] = rest;
    test(title, { timeout: TEST_MS }, async () => {
      const server = await servers.get(flags);
      const opened = [];
      const ended = [];
      const keep = (socket) => (opened.push(socket), socket);
      try {
        await run({
          target,
          way,
          server,
          keep,
          connect: async (options, to = server) => keep(await connect(to, way, options)),
          couple: async (room) => (await couple(server, way, room)).map(keep),
          // A server of this test's own, to stop and start.
          start: async (own = [], listen) => {
            const started = await start(target, own, listen);
            ended.push(started);
            return started;
          },
        });
      } finally {
        for (const socket of opened) socket.disconnect();
        await Promise.all(ended.map((started) => started.stop()));
      }
    });
  };
}
