// HTTPS beside HTTP on the port of the room server, by the official client: every way of
// transport, the order of a thousand candidates, and who is not trusted. There is no control: the
// official server has no port that speaks both.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { start, targets } from "./support/server.mjs";
import { patiently } from "./support/patience.mjs";

const CANDIDATES = 1000;
const WAYS = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

describe("over https", { skip: !targets().includes("parlor") }, () => {
  let server, url, ca;
  before(async () => {
    server = await start("parlor");
    url = `https://localhost:${server.port}`;
    const der = await (await fetch(`${server.url}/parlor-ca.crt`)).arrayBuffer();
    ca = new X509Certificate(Buffer.from(der)).toString();
  });
  after(() => server.stop());

  const connect = (t, options) => {
    const socket = io(url, { ca, forceNew: true, reconnection: false, ...options });
    t.after(() => socket.disconnect());
    return patiently(new Promise((resolve, reject) => {
      socket.once("connect", () => resolve(socket));
      socket.once("connect_error", reject);
    }), "a connection");
  };

  for (const [name, transports] of Object.entries(WAYS)) {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"]) {
      it(`relays a thousand candidates in order by ${name}, ${maxVersion}`, async (t) => {
        const room = `${name} ${maxVersion}`;
        const [ana, ben] = [
          await connect(t, { transports, maxVersion }),
          await connect(t, { transports, maxVersion }),
        ];
        assert.deepEqual(await ana.emitWithAck("join", room), { ok: true, role: "created" });
        assert.deepEqual(await ben.emitWithAck("join", room), { ok: true, role: "joined" });
        const got = [];
        const all = new Promise((resolve) => {
          ben.on("candidate", ({ n }) => got.push(n) === CANDIDATES && resolve());
        });
        for (let n = 0; n < CANDIDATES; n += 1) ana.emit("candidate", { n, pad: "x".repeat(200) }, room);
        await patiently(all, "all candidates");
        assert.deepEqual(got, Array.from({ length: CANDIDATES }, (_, n) => n));
        assert.equal(ben.io.engine.transport.name, transports.at(-1));
      });
    }
  }

  it("is not believed by who does not trust its authority", async (t) => {
    for (const transports of [["polling"], ["websocket"]]) {
      await assert.rejects(connect(t, { ca: undefined, transports }), /error/);
    }
  });

  it("speaks plain HTTP on the same port", async (t) => {
    const plain = io(server.url, { forceNew: true, reconnection: false });
    t.after(() => plain.disconnect());
    const secure = await connect(t, {});
    assert.deepEqual(await patiently(plain.emitWithAck("join", "mixed"), "an answer"), { ok: true, role: "created" });
    assert.deepEqual(await secure.emitWithAck("join", "mixed"), { ok: true, role: "joined" });
    const heard = new Promise((resolve) => plain.once("ready", resolve));
    secure.emit("ready", "mixed");
    await patiently(heard, "ready");
  });
});
