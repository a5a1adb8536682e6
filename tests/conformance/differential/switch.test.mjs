// The switch to WebSocket: how it is refused before the 101, and what the 101 says.
import { differential } from "../support/differential.mjs";
import { upgradeLines } from "../support/probe.mjs";

const STRANGER = "AAAAAAAAAAAAAAAAAAAA";
const OPEN = "EIO=4&transport=websocket";

/** Asks for the switch by hand and tells the answer, and that the connection is closed after it. */
async function refused(wire, what, query, lines = upgradeLines()) {
  const { connection, answer } = await wire.exchange(`GET ${query}`, lines);
  wire.say(what, { ...answer, afterwards: await connection.end() });
}

differential("differential: the switch to WebSocket", "eio4", (script) => {
  script("a switch that is refused is plain text with 400, and closed", async (wire) => {
    await refused(wire, "transport missing", "EIO=4");
    await refused(wire, "transport unknown", "EIO=4&transport=x");
    await refused(wire, "transport webtransport", "EIO=4&transport=webtransport");
    await refused(wire, "session unknown", `${OPEN}&sid=${STRANGER}`);
    await refused(wire, "session unknown, version 3", `EIO=3&transport=websocket&sid=${STRANGER}`);
  });

  script("a switch with the version of another protocol", async (wire) => {
    for (const version of ["", "EIO=3&", "EIO=abc&"]) {
      await refused(wire, version, `${version}transport=websocket`);
    }
  });

  script("a switch for a session with the version of another protocol", async (wire) => {
    const session = await wire.session();
    await refused(wire, "version 3", `EIO=3&transport=websocket&sid=${session.sid}`);
    wire.say("unharmed", [await session.post("4x"), await session.poll()]);
  });

  script("a switch by anything but GET", async (wire) => {
    const { connection, answer } = await wire.exchange(`POST ${OPEN}`, upgradeLines());
    wire.say("POST", { ...answer, afterwards: await connection.end() });
  });

  script("a switch for polling", async (wire) => {
    const { answer } = await wire.exchange("GET EIO=4&transport=polling", upgradeLines());
    wire.say("answer", answer);
  });

  script("a switch without a key, or with one that is too short", async (wire) => {
    await refused(wire, "no key", OPEN, upgradeLines("Sec-WebSocket-Key"));
    const short = [...upgradeLines("Sec-WebSocket-Key"), "Sec-WebSocket-Key: abc"];
    await refused(wire, "short key", OPEN, short);
  });

  script("a switch to another version of WebSocket", async (wire) => {
    for (const version of ["12", "14", "x"]) {
      const lines = [...upgradeLines("Sec-WebSocket-Version"), `Sec-WebSocket-Version: ${version}`];
      await refused(wire, version, OPEN, lines);
    }
    await refused(wire, "none", OPEN, upgradeLines("Sec-WebSocket-Version"));
  });

  script("a switch to the version of WebSocket's drafts", async (wire) => {
    const lines = [...upgradeLines("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 8"];
    const { answer } = await wire.exchange(`GET ${OPEN}`, lines);
    wire.say("answer", answer);
  });

  script("a switch to a path that is not ours", async (wire) => {
    const { answer } = await wire.exchange(`GET /elsewhere/?${OPEN}`, [...upgradeLines()]);
    wire.say("answer", answer.dropped ? "closed" : answer.status);
  });

  script("a switch while websocket is switched off is an ordinary request", { transports: ["polling"] },
    async (wire) => {
      const headers = { upgrade: "websocket", connection: "Upgrade" };
      wire.say("answer", await wire.get(OPEN, { headers, agent: false }));
      wire.say("and the handshake offers none", await wire.get("EIO=4&transport=polling"));
    });

  script("the 101 and its headers", async (wire) => {
    const { answer } = await wire.exchange(`GET ${OPEN}`, upgradeLines());
    wire.say("answer", answer);
  });

  script("an extension that is offered is not taken", async (wire) => {
    const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    const { answer } = await wire.exchange(`GET ${OPEN}`, [...upgradeLines(), offer]);
    wire.say("answer", answer);
  });

  script("a subprotocol that is offered", async (wire) => {
    const offer = "Sec-WebSocket-Protocol: one, two";
    const { answer } = await wire.exchange(`GET ${OPEN}`, [...upgradeLines(), offer]);
    wire.say("answer", answer);
  });

  script("frames that are garbage after the 101 close the connection", async (wire) => {
    const garbage = {
      "no frame": "hello there, this is no frame at all",
      "an opcode that is reserved": Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
      "a reserved bit": Buffer.from([0xc1, 0x80, 0, 0, 0, 0]),
      "no mask": Buffer.from([0x81, 0x01, 0x34]),
      "a ping in fragments": Buffer.from([0x09, 0x80, 0, 0, 0, 0]),
      "a length of 2^63": Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    };
    for (const [title, bytes] of Object.entries(garbage)) {
      const { connection, answer } = await wire.exchange(`GET ${OPEN}`, upgradeLines());
      await connection.send(bytes);
      await connection.end();
      wire.say(title, answer.status);
    }
    wire.say("the server is there", (await wire.get("EIO=4&transport=polling")).status);
  });

  script("garbage together with the request of the switch", async (wire) => {
    const { connection, answer } = await wire.exchange(`GET ${OPEN}`, upgradeLines(), "garbage, no frame");
    await connection.end();
    wire.say("answer", answer.status);
    wire.say("the server is there", (await wire.get("EIO=4&transport=polling")).status);
  });
});

differential("differential: what is not supported", "eio4", (script) => {
  script("WebTransport is an unknown transport", async (wire) => {
    wire.say("GET", await wire.get("EIO=4&transport=webtransport"));
    await refused(wire, "upgrade", "EIO=4&transport=webtransport");
  });
});
