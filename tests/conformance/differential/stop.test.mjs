// The end of the server itself, as `io.close()` does it: what open connections still get.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Probe } from "../support/probe.mjs";
import { start, targets } from "../support/server.mjs";

const TEST_MS = 30_000;
const CLOSED = { closed: 1005, reason: "" };

describe("differential: a stop of the server", () => {
  for (const target of targets("reference")) {
    test(`WebSockets are closed without a farewell, polls are released [${target}]`, { timeout: TEST_MS }, async () => {
      const server = await start(target, ["wire"]);
      const wire = new Probe(server, "/socket.io/", 1);
      try {
        const sockets = [await wire.opened(), await wire.member(), await wire.member(wire.namespace())];
        const probing = await wire.session();
        const probe = await probing.upgrade();
        probe.send("2probe");
        assert.equal(await probe.receive(), "3probe");
        const session = await wire.joined();
        const { poll } = await session.waiting();
        // The poll is taken up before the next request of the same connection pool is answered.
        const ended = wire.get("EIO=4&transport=nothing").then(() => server.stop());
        assert.deepEqual(await poll, ["1"], "no 41");
        for (const socket of [...sockets, probe]) assert.deepEqual(await socket.receive(), CLOSED);
        assert.deepEqual(await ended, { code: 0, signal: null });
      } finally {
        wire.close();
        await server.stop();
      }
    });
  }
});
