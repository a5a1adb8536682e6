// How the server ends: what open connections get when it is told to stop.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { start, targets } from "./support/server.mjs";
import { Wire } from "./support/wire.mjs";

const TEST_MS = 30_000;

describe("a stop of the server", () => {
  for (const target of targets()) {
    test(`closes WebSockets without a farewell and releases polls [${target}]`, { timeout: TEST_MS }, async () => {
      const server = await start(target);
      const wire = new Wire(server);
      try {
        const socket = await wire.witness("end");
        const fresh = await wire.socket();
        await fresh.receive();
        const session = await wire.joined();
        await session.sit("end");
        const { poll } = await session.waiting();
        // The poll is taken up before the next request of the same connection pool is answered.
        const ended = wire.get("EIO=4&transport=nothing").then(() => server.stop());
        assert.deepEqual(await poll, ["1"], "no 41, no leave");
        const closed = { closed: 1005, reason: "" };
        assert.deepEqual(await socket.receive(), closed);
        assert.deepEqual(await fresh.receive(), closed);
        assert.deepEqual(await ended, { code: 0, signal: null });
      } finally {
        wire.close();
        await server.stop();
      }
    });
  }
});
