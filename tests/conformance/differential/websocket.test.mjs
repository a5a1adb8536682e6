// Data over WebSocket, and the heartbeat over both transports.
import { differential } from "../support/differential.mjs";

const OPEN = "EIO=4&transport=websocket";

differential("differential: frames", "eio4", (script) => {
  script("text and binary frames are messages, each in its kind", async (wire) => {
    const socket = await wire.opened();
    for (const frame of ["4hello", "4ä 日本 🎥", "4", "4\0", Buffer.from([1, 2, 3, 4]), Buffer.alloc(0)]) {
      socket.send(frame);
      wire.say("back", await socket.receive());
    }
  });

  script("base64 in a text frame is binary", async (wire) => {
    const socket = await wire.opened();
    for (const frame of ["bAQI=", "b", "bAQ"]) {
      socket.send(frame);
      wire.say(frame, await socket.receive());
    }
  });

  script("base64 in a text frame that is none", async (wire) => {
    const socket = await wire.opened();
    socket.send("b####");
    wire.say("back", await socket.receive());
  });

  script("a client that asked for base64 gets binary as text", async (wire) => {
    for (const b64 of ["1", "0", ""]) {
      const socket = await wire.opened(`${OPEN}&b64=${b64}`);
      socket.send(Buffer.from([1, 2, 3, 4]));
      wire.say(`binary, b64=${b64}`, await socket.receive());
      socket.send("4text");
      wire.say("text", await socket.receive());
    }
  });

  script("a client that asked for base64 and upgraded", async (wire) => {
    const session = await wire.session();
    const socket = await wire.socket(`${OPEN}&sid=${session.sid}&b64=1`);
    socket.send("5");
    socket.send(Buffer.from([1, 2]));
    wire.say("binary", await socket.receive());
  });

  for (const frame of ["abc", "", "9", "7x", "2", "2probe", "-1"]) {
    script(`the text frame "${frame}" closes the connection`, async (wire) => {
      const socket = await wire.opened();
      socket.send(frame);
      wire.say("end", await socket.receive());
      const { status, body } = await wire.get(`EIO=4&transport=polling&sid=${socket.sid}`);
      wire.say("the session", { status, body });
    });
  }

  for (const frame of ["0", "5", "6", "3", "3probe"]) {
    script(`a stray frame ${frame} is ignored`, async (wire) => {
      const socket = await wire.opened();
      socket.send(frame);
      socket.send("4x");
      wire.say("next", await socket.receive());
    });
  }

  script("a close packet in a frame", { pingInterval: 200, pingTimeout: 200 }, async (wire) => {
    const socket = await wire.opened();
    socket.send("1");
    socket.send("4after");
    wire.say("frames", await socket.receiveUntil((frame) => frame.closed));
  });

  script("a frame of the client that closes is answered with its code", async (wire) => {
    for (const code of [1000, 1001, 3000, 4999]) {
      const socket = await wire.opened();
      socket.close(code, "because");
      wire.say(`${code}`, (await socket.receive()).closed);
    }
    const socket = await wire.opened();
    socket.close();
    wire.say("none", (await socket.receive()).closed);
  });

  script("a ping of WebSocket is answered with its data", async (wire) => {
    const socket = await wire.opened();
    const pong = new Promise((resolve) => socket.once("pong", (data) => resolve(data.toString())));
    socket.ping("are you there");
    wire.say("pong", await pong);
  });

  script("a message in fragments with a ping between them", async (wire) => {
    const socket = await wire.opened();
    socket.send("4one ", { fin: false });
    socket.ping("between");
    socket.send("two ", { fin: false });
    socket.send("three", { fin: true });
    wire.say("back", await socket.receive());
    socket.send(Buffer.from([1]), { fin: false });
    socket.send(Buffer.from([2]), { fin: true });
    wire.say("binary", await socket.receive());
  });

  script("a frame of exactly the limit, and one over it", { maxHttpBufferSize: 1000 }, async (wire) => {
    const socket = await wire.opened();
    const text = `4${"ä".repeat(499)}x`;
    socket.send(text);
    wire.say("exactly", (await socket.receive()) === text);
    socket.send(Buffer.alloc(1000, 1));
    wire.say("binary", (await socket.receive()).binary.length);
    socket.send(`4${"ä".repeat(500)}`);
    wire.say("over", await socket.receive());
    const other = await wire.opened();
    other.send(`4${"x".repeat(600)}`, { fin: false });
    other.send("x".repeat(600), { fin: true });
    wire.say("in fragments", await other.receive());
    const binary = await wire.opened();
    binary.send(Buffer.alloc(1001));
    wire.say("binary over", await binary.receive());
  });

  script("text that is not UTF-8", async (wire) => {
    const socket = await wire.opened();
    socket.send(Buffer.from([0x34, 0xc3, 0x28]), { binary: false });
    wire.say("end", await socket.receive());
  });

  script("what is sent in one go comes back in order", async (wire) => {
    const socket = await wire.opened();
    const sent = Array.from({ length: 200 }, (_, n) => (n % 3 ? `4${n}` : Buffer.from([n])));
    for (const frame of sent) socket.send(frame);
    const back = [];
    while (back.length < sent.length) back.push(await socket.receive());
    wire.say("in order", back.every((frame, n) => (frame.binary?.[0] ?? Number(frame.slice(1))) === n));
    wire.say("the last two", back.slice(-2));
  });
});

const LIVELY = { pingInterval: 100, pingTimeout: 10_000 };
const IMPATIENT = { pingInterval: 100, pingTimeout: 100 };

differential("differential: heartbeat", "eio4", (script) => {
  script("pings go on as long as they are answered, over WebSocket", LIVELY, async (wire) => {
    const socket = await wire.opened();
    for (let beat = 0; beat < 3; beat += 1) {
      wire.say("ping", await socket.receive());
      socket.send("3");
    }
    socket.send("4x");
    wire.say("alive", await socket.receiveUntil((frame) => frame === "4x").then((all) => all.at(-1)));
  });

  script("pings go on as long as they are answered, over polling", LIVELY, async (wire) => {
    const session = await wire.session();
    for (let beat = 0; beat < 3; beat += 1) {
      wire.say("ping", await session.poll());
      wire.say("pong", await session.post("3"));
    }
  });

  script("a ping that is not answered is the last, over WebSocket", IMPATIENT, async (wire) => {
    const socket = await wire.opened();
    wire.say("frames", await socket.receiveUntil((frame) => frame.closed));
    const { status, body } = await wire.get(`EIO=4&transport=polling&sid=${socket.sid}`);
    wire.say("afterwards", { status, body });
  });

  script("messages do not count as an answer", IMPATIENT, async (wire) => {
    const socket = await wire.opened();
    socket.on("message", (data) => data.toString() !== "2" && socket.send(data.toString()));
    socket.send("4again and again");
    const frames = await socket.receiveUntil((frame) => frame.closed);
    wire.say("end", frames.at(-1));
    wire.say("pings", frames.filter((frame) => frame === "2").length);
  });

  script("a poll that waits is released when a ping is not answered", { pingInterval: 100, pingTimeout: 1000 },
    async (wire) => {
      const session = await wire.session();
      wire.say("ping", await session.poll());
      wire.say("end", await wire.get(session.query));
      wire.say("afterwards", await wire.get(session.query));
    });

  script("what waits for a poll is lost with its session", IMPATIENT, async (wire) => {
    const session = await wire.session();
    await session.post("4x");
    // The time-out of the other began later, so this one's is over by then.
    const later = await wire.opened();
    wire.say("later", await later.receiveUntil((frame) => frame.closed));
    wire.say("poll", await wire.get(session.query));
    wire.say("post", await wire.post(session.query, "4x"));
  });
});

differential("differential: heartbeat of clients that never poll", "wire", (script) => {
  script("a client that never polls is closed by the heartbeat", { pingInterval: 200, pingTimeout: 1500 },
    async (wire) => {
      const namespace = wire.namespace();
      const watcher = await wire.watcher(namespace);
      const session = await wire.joined(namespace);
      wire.say("gone", await watcher.gone(session.id));
      wire.say("afterwards", await session.poll());
    });
});
