// Pages of other sites, by the official client as a browser would have it: with an `Origin`. There
// is no control: the official server lets anybody in unless its application decides otherwise.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freshRoom, next, open, WAYS } from "./support/official.mjs";
import { start, targets } from "./support/server.mjs";

const LISTED = "https://pages.example";

describe("a page's origin", { skip: !targets().includes("parlor") }, () => {
  let server;
  before(async () => {
    server = await start("parlor", ["--allow-origin", LISTED]);
  });
  after(() => server.stop());

  const from = (t, way, Origin) => {
    const socket = open(server, way, { extraHeaders: { Origin } });
    t.after(() => socket.disconnect());
    return socket;
  };

  for (const way of Object.keys(WAYS)) {
    for (const origin of ["https://evil.example", "http://localhost:1", "null"]) {
      it(`is refused over ${way} if it is ${origin}`, async (t) => {
        const socket = from(t, way, origin);
        const answered = next(socket, "connect_error");
        socket.connect();
        const [error] = await answered;
        assert.match(error.message, /^(xhr poll|websocket) error$/);
        const status = error.message === "xhr poll error" ? error.description : error.description.message;
        assert.match(`${status}`, /403/);
        assert.equal(socket.connected, false);
      });
    }

    for (const [title, origin] of [["the server's own", () => server.url], ["listed", () => LISTED]]) {
      it(`is let in over ${way} if it is ${title}`, async (t) => {
        const socket = from(t, way, origin());
        const connected = next(socket, "connect");
        socket.connect();
        await connected;
        assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
      });
    }
  }
});
