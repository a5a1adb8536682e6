// Engine.IO 4 over WebSocket: refusals before the 101, frames, heartbeats and the upgrade.
import { compare } from "./support/compare.mjs";
import { payload } from "./support/wire.mjs";

const MAX_PAYLOAD = 131_072;
const STRANGER = "AAAAAAAAAAAAAAAAAAAA";
const LIVELY = ["--ping-interval", "300ms", "--ping-timeout", "1s"];
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": KEY,
};
const without = (name) => {
  const { [name]: _, ...rest } = UPGRADE;
  return rest;
};

/** Joins `room` over a WebSocket, so that somebody else sees when it ends. */
async function seated(wire, room) {
  const other = await wire.witness(room);
  const socket = await wire.joinedSocket();
  socket.send(`420["join","${room}"]`);
  await socket.receiveUntil((frame) => String(frame).startsWith("430"));
  return { other, socket };
}

compare("refusals before the switch to WebSocket", (script) => {
  const refusals = {
    "transport missing": ["EIO=4"],
    "transport unknown": ["EIO=4&transport=carrier-pigeon"],
    "transport constructor": ["EIO=4&transport=constructor"],
    "session unknown": [`EIO=4&transport=websocket&sid=${STRANGER}`],
    "no key": ["EIO=4&transport=websocket", without("sec-websocket-key")],
    "a key that is too short": ["EIO=4&transport=websocket", { ...UPGRADE, "sec-websocket-key": "x" }],
    "version 12": ["EIO=4&transport=websocket", { ...UPGRADE, "sec-websocket-version": "12" }],
    "no version": ["EIO=4&transport=websocket", without("sec-websocket-version")],
  };
  for (const [title, [query, headers = UPGRADE]] of Object.entries(refusals)) {
    script(`switch refused, ${title}`, async (wire) => {
      const { status, body } = await wire.get(query, { headers, agent: false });
      wire.say("answer", { status, body });
    });
  }

  for (const version of ["", "EIO=3&", "EIO=abc&"]) {
    script(`switch refused, protocol version ${version || "missing"}`, async (wire) => {
      const socket = await wire.socket(`${version}transport=websocket`);
      wire.say("end", (await socket.receive()).closed);
    });
  }

  script("the switch itself", async (wire) => {
    const { status } = await wire.get("EIO=4&transport=websocket", { headers: UPGRADE, agent: false });
    wire.say("status", status);
  });

  script("an extension is offered and not taken", async (wire) => {
    const socket = await wire.socket(undefined, { perMessageDeflate: true });
    wire.say("extensions", socket.extensions);
    wire.say("open", await socket.receive());
  });
});

compare("frames", (script) => {
  script("the open packet has no upgrades", async (wire) => {
    const socket = await wire.socket();
    wire.say("open", await socket.receive());
  });

  const bad = {
    "letters": "abc",
    "nothing": "",
    "an unknown type": "9",
    "a ping, which is the server's": "2",
    "a message of nothing": "4",
    "a binary frame that nobody waits for": Buffer.from([1, 2, 3]),
    "an empty binary frame": Buffer.alloc(0),
    "base64 that nobody waits for": "bAQI=",
  };
  for (const [title, frame] of Object.entries(bad)) {
    script(`a frame of ${title}`, async (wire) => {
      const { other, socket } = await seated(wire, title);
      socket.send(frame);
      wire.say("end", await socket.receive());
      await wire.seesLeave(other);
    });
  }

  for (const packet of ["0", "5", "6", "3", "3x"]) {
    script(`a stray ${packet} frame is ignored`, async (wire) => {
      const socket = await wire.joinedSocket();
      socket.send(packet);
      socket.send('421["leave","nowhere"]');
      wire.say("answer", await socket.receive());
    });
  }

  script("a close packet", async (wire) => {
    const { other, socket } = await seated(wire, "close packet");
    socket.send("1");
    socket.close();
    await wire.seesLeave(other);
  });

  for (const code of [1000, 1001, 3000]) {
    script(`a close frame with ${code}`, async (wire) => {
      const { other, socket } = await seated(wire, `close ${code}`);
      socket.close(code, "because");
      wire.say("end", (await socket.receive()).closed);
      await wire.seesLeave(other);
    });
  }

  script("a connection that breaks", async (wire) => {
    const { other, socket } = await seated(wire, "breaks");
    socket.terminate();
    await wire.seesLeave(other);
  });

  script("a WebSocket ping is answered with its data", async (wire) => {
    const socket = await wire.joinedSocket();
    const pong = new Promise((resolve) => socket.once("pong", (data) => resolve(data.toString())));
    socket.ping("are you there");
    wire.say("pong", await pong);
  });

  script("a message in fragments, with a ping between them", async (wire) => {
    const socket = await wire.joinedSocket();
    socket.send('421["join",', { fin: false });
    socket.ping("between");
    socket.send('"frag', { fin: false });
    socket.send('ments"]', { fin: true });
    wire.say("answers", [await socket.receive(), await socket.receive()]);
  });

  script("a message of exactly the limit", async (wire) => {
    const socket = await wire.joinedSocket();
    socket.send(`6${"x".repeat(MAX_PAYLOAD - 1)}`);
    socket.send('421["leave","nowhere"]');
    wire.say("answer", await socket.receive());
  });

  script("a message over the limit", async (wire) => {
    const { other, socket } = await seated(wire, "over the limit");
    socket.send(`6${"x".repeat(MAX_PAYLOAD)}`);
    wire.say("end", await socket.receive());
    await wire.seesLeave(other);
  });

  script("fragments over the limit together", async (wire) => {
    const { other, socket } = await seated(wire, "fragments over the limit");
    socket.send(`6${"x".repeat(MAX_PAYLOAD / 2)}`, { fin: false });
    socket.send("x".repeat(MAX_PAYLOAD / 2), { fin: true });
    wire.say("end", await socket.receive());
    await wire.seesLeave(other);
  });

  script("text that is not UTF-8", async (wire) => {
    const { other, socket } = await seated(wire, "not utf-8");
    socket.send(Buffer.from([0x34, 0x32, 0xc3, 0x28]), { binary: false });
    wire.say("end", (await socket.receive()).closed);
    await wire.seesLeave(other);
  });

  script("a frame that is not masked", async (wire) => {
    const { other, socket } = await seated(wire, "not masked");
    socket.send("40", { mask: false });
    wire.say("end", (await socket.receive()).closed);
    await wire.seesLeave(other);
  });
});

compare("heartbeat", (script) => {
  script("pings go on as long as they are answered, over WebSocket", LIVELY, async (wire) => {
    const socket = await wire.joinedSocket();
    for (let beat = 0; beat < 3; beat += 1) {
      wire.say("ping", await socket.receive());
      socket.send("3");
    }
  });

  script("pings go on as long as they are answered, over polling", LIVELY, async (wire) => {
    const session = await wire.joined();
    for (let beat = 0; beat < 3; beat += 1) {
      wire.say("ping", await session.poll());
      wire.say("pong", await session.post("3"));
    }
  });

  script("a WebSocket that does not answer is closed", LIVELY, async (wire) => {
    const { other, socket } = await seated(wire, "mute");
    other.on("message", (data) => data.toString() === "2" && other.send("3"));
    wire.say("frames", [await socket.receive(), await socket.receive()]);
    const leave = await other.receiveUntil((frame) => frame === '42["leave"]');
    wire.say("the other sees", leave.at(-1));
  });

  script("a poll that waits is closed when pings stay unanswered", LIVELY, async (wire) => {
    const session = await wire.joined();
    wire.say("polls", [await session.poll(), await session.poll(), await session.poll()]);
  });
});

compare("upgrade", (script) => {
  script("probe, upgrade, and what waits comes over WebSocket", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    await session.post('421["leave","nowhere"]');
    wire.say("still over polling", await session.poll());
    await session.post('422["leave","nowhere"]');
    socket.send("5");
    wire.say("now here", await socket.receive());
    socket.send('423["leave","nowhere"]');
    wire.say("and on", await socket.receive());
    wire.say("poll", await session.poll());
    wire.say("post", await session.post("40"));
    socket.send('424["leave","nowhere"]');
    wire.say("unharmed", await socket.receive());
  });

  script("a waiting poll is released while probing", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    const { poll } = await session.waiting();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("poll", await poll);
    wire.say("the next poll as well", await session.poll());
    socket.send("5");
    socket.send('421["leave","nowhere"]');
    wire.say("over WebSocket", await socket.receive());
  });

  script("a poll that waits when the upgrade comes without a probe", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    const socket = await session.upgrade();
    socket.send("5");
    wire.say("poll", await poll);
    socket.send('421["leave","nowhere"]');
    wire.say("over WebSocket", await socket.receive());
  });

  for (const [title, frame] of Object.entries({
    "a message": "40",
    "a bare ping": "2",
    "another probe": "2other",
    "a pong": "3",
    "letters": "abc",
    "binary": Buffer.from([1]),
  })) {
    script(`${title} first on the probing socket`, async (wire) => {
      const session = await wire.joined();
      const socket = await session.upgrade();
      socket.send(frame);
      wire.say("end", await socket.receive());
      await session.post('421["leave","nowhere"]');
      wire.say("polling lives", await session.poll());
      const again = await session.upgrade();
      again.send("2probe");
      wire.say("a second try", await again.receive());
      again.send("5");
      again.send('422["leave","nowhere"]');
      wire.say("works", await again.receive());
    });
  }

  script("a probing socket that goes away", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    socket.send("2probe");
    await socket.receive();
    socket.close();
    await socket.receive();
    await session.post('421["leave","nowhere"]');
    wire.say("polling lives", await session.pollPackets(1));
  });

  script("a second WebSocket while the first probes", async (wire) => {
    const session = await wire.joined();
    const first = await session.upgrade();
    first.send("2probe");
    wire.say("first", await first.receive());
    const second = await session.upgrade();
    wire.say("second", (await second.receive()).closed);
    first.send("5");
    first.send('421["leave","nowhere"]');
    wire.say("first goes on", await first.receive());
  });

  script("a second WebSocket after the upgrade", async (wire) => {
    const session = await wire.joined();
    const first = await session.upgrade();
    first.send("5");
    first.send('421["leave","nowhere"]');
    await first.receive();
    const second = await session.upgrade();
    wire.say("second", (await second.receive()).closed);
    first.send('422["leave","nowhere"]');
    wire.say("first goes on", await first.receive());
  });

  script("a poll for a session that began as a WebSocket", async (wire) => {
    const socket = await wire.socket();
    const { sid } = JSON.parse((await socket.receive()).slice(1));
    const { status, body } = await wire.get(`EIO=4&transport=polling&sid=${sid}`);
    wire.say("poll", { status, body });
    socket.send("40");
    wire.say("unharmed", await socket.receive());
  });

  script("many packets during the upgrade, none lost, in order", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    const ask = (id) => `42${id}["leave","nowhere"]`;
    await session.post(payload(ask(1), ask(2)));
    socket.send("2probe");
    await socket.receive();
    await session.post(payload(ask(3), ask(4)));
    const polled = (await session.pollPackets(4)).filter((packet) => packet !== "6");
    await session.post(ask(5));
    socket.send("5");
    socket.send(ask(6));
    const rest = [await socket.receive(), await socket.receive()];
    wire.say("ids", [...polled, ...rest].map((packet) => packet.slice(0, 3)));
  });

  script("a client that leaves during its upgrade", async (wire) => {
    const session = await wire.joined();
    const other = await wire.witness("leaves during its upgrade");
    await session.sit("leaves during its upgrade");
    const socket = await session.upgrade();
    socket.send("2probe");
    await socket.receive();
    wire.say("post", await session.post("1"));
    await wire.seesLeave(other);
    wire.say("poll", await session.poll());
  });
});
