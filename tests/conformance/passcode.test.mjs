// A server that asks for a passcode, by the official client: what a page of one's own would see. There
// is no control: the official server leaves that to its application.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freshRoom, next, open, WAYS } from "./support/official.mjs";
import { start, targets } from "./support/server.mjs";

describe("a passcode", { skip: !targets().includes("parlor") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "parlor-passcode-"));
  const file = join(folder, "passcode");
  let server;
  before(async () => {
    writeFileSync(file, "open sesame\n", { mode: 0o600 });
    server = await start("parlor", ["--passcode-file", file]);
  });
  after(() => {
    server?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const way of Object.keys(WAYS)) {
    const present = (t, auth) => {
      const socket = open(server, way, { auth });
      t.after(() => socket.disconnect());
      return socket;
    };

    for (const [title, auth] of [["none", undefined], ["a wrong one", { passcode: "mustard" }]]) {
      it(`is asked for over ${way} if ${title} is presented, and the same socket may present it`, async (t) => {
        const socket = present(t, auth);
        const answered = next(socket, "connect_error");
        socket.connect();
        const [error] = await answered;
        assert.equal(error.message, "The passcode is missing or wrong");
        assert.deepEqual(error.data, { code: "passcode" });
        assert.equal(socket.active, false, "the client does not try again by itself");
        socket.auth = { passcode: "open sesame" };
        const connected = next(socket, "connect");
        socket.connect();
        await connected;
        assert.deepEqual(await socket.ask("join", freshRoom()), { ok: true, role: "created" });
      });
    }

    it(`lets two people who know it meet over ${way}`, async (t) => {
      const room = freshRoom();
      for (const role of ["created", "joined"]) {
        const socket = present(t, { passcode: "open sesame" });
        const connected = next(socket, "connect");
        socket.connect();
        await connected;
        assert.deepEqual(await socket.ask("join", room), { ok: true, role });
      }
    });
  }
});
