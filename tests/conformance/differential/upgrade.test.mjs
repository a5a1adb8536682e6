// The upgrade from polling to WebSocket: who sends what on which of the two, and what goes wrong.
import { differential } from "../support/differential.mjs";
import { payload } from "../support/wire.mjs";

const noops = (packets) => packets.filter((packet) => packet !== "6");

differential("differential: upgrade", "eio4", (script) => {
  script("nothing is sent on the new socket before its probe", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    await session.post("4x");
    wire.say("over polling", await session.poll());
    socket.send("2probe");
    wire.say("first frame", await socket.receive());
  });

  script("while probing, a poll that waits is released, and the next one too", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    const { poll } = await session.waiting();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("poll", await poll);
    wire.say("next", await wire.get(session.query));
    wire.say("and next", await session.poll());
    socket.send("5");
    socket.send("4x");
    wire.say("over WebSocket", await socket.receive());
  });

  script("a poll that waits is not released before the probe", async (wire) => {
    const session = await wire.session();
    const { poll } = await session.waiting();
    const socket = await session.upgrade();
    await session.post("4x");
    wire.say("poll", await poll);
    socket.send("2probe");
    wire.say("probe", await socket.receive());
  });

  script("data while probing goes over polling, and beats the noop", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    await socket.receive();
    await session.post(payload("4a", "4b"));
    wire.say("poll", await session.poll());
    await session.post("bAQI=");
    wire.say("binary", await session.poll());
    socket.send("5");
    socket.send("4c");
    wire.say("over WebSocket", await socket.receive());
  });

  script("what no poll has fetched comes over WebSocket after the upgrade, in order", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    await session.post(payload("4a", "bAQI=", "4b"));
    await session.post("4c");
    socket.send("5");
    socket.send("4d");
    const frames = [];
    while (frames.length < 5) frames.push(await socket.receive());
    wire.say("frames", frames);
  });

  script("many packets around an upgrade come once and in order", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    const numbers = (from, to) => Array.from({ length: to - from }, (_, n) => `4${from + n}`);
    await session.post(payload(...numbers(0, 20)));
    socket.send("2probe");
    await socket.receive();
    await session.post(payload(...numbers(20, 40)));
    const came = noops(await session.poll());
    await session.post(payload(...numbers(40, 60)));
    socket.send("5");
    for (const packet of numbers(60, 80)) socket.send(packet);
    while (came.length < 80) came.push(await socket.receive());
    wire.say("in order", came.every((packet, n) => packet === `4${n}`));
    wire.say("the last", came.at(-1));
  });

  script("after the upgrade polling is refused, and nothing else changes", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    await socket.receive();
    socket.send("5");
    socket.send("4x");
    wire.say("over WebSocket", await socket.receive());
    wire.say("GET", await wire.get(session.query));
    wire.say("POST", await wire.post(session.query, "4y"));
    wire.say("PUT", await wire.request("PUT", session.query));
    socket.send("4z");
    wire.say("unharmed", await socket.receive());
  });

  script("a poll that waits when the upgrade comes", async (wire) => {
    const session = await wire.session();
    const poll = wire.get(session.query);
    const socket = await session.upgrade();
    socket.send("5");
    wire.say("poll", await poll);
    socket.send("4x");
    wire.say("over WebSocket", await socket.receive());
  });

  script("an upgrade without a probe is an upgrade", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("5");
    socket.send("4x");
    wire.say("over WebSocket", await socket.receive());
    wire.say("polling", await session.poll());
  });

  const wrong = {
    "a message": "4x", "a bare ping": "2", "another probe": "2other", "a pong": "3", "a noop": "6",
    "a close": "1", "letters": "abc", "nothing": "", "binary": Buffer.from([1]),
  };
  for (const [title, frame] of Object.entries(wrong)) {
    script(`${title} as the first frame closes the new socket only`, async (wire) => {
      const session = await wire.session();
      const socket = await session.upgrade();
      socket.send(frame);
      wire.say("end", await socket.receive());
      wire.say("polling lives", [await session.post("4x"), await session.poll()]);
      const again = await session.upgrade();
      again.send("2probe");
      wire.say("a second try", await again.receive());
      again.send("5");
      again.send("4y");
      wire.say("works", await again.receive());
    });

    script(`${title} after the probe closes the new socket only`, async (wire) => {
      const session = await wire.session();
      const socket = await session.upgrade();
      socket.send("2probe");
      wire.say("probe", await socket.receive());
      socket.send(frame);
      wire.say("end", await socket.receive());
      await session.post("4x");
      wire.say("polling lives", noops(await session.poll()));
    });
  }

  script("a probe twice", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    socket.send("2probe");
    wire.say("answers", [await socket.receive(), await socket.receive()]);
    socket.send("5");
    socket.send("4x");
    wire.say("upgraded", await socket.receive());
  });

  script("a second socket while the first probes is opened and closed", async (wire) => {
    const session = await wire.session();
    const first = await session.upgrade();
    first.send("2probe");
    wire.say("first", await first.receive());
    const second = await session.upgrade();
    wire.say("second", await second.receive());
    first.send("5");
    first.send("4x");
    wire.say("first goes on", await first.receive());
  });

  script("a second socket before the first has probed", async (wire) => {
    const session = await wire.session();
    const first = await session.upgrade();
    const second = await session.upgrade();
    wire.say("second", await second.receive());
    first.send("2probe");
    wire.say("first", await first.receive());
  });

  script("a second socket after the upgrade is opened and closed", async (wire) => {
    const session = await wire.session();
    const first = await session.upgrade();
    first.send("5");
    first.send("4x");
    await first.receive();
    const second = await session.upgrade();
    wire.say("second", await second.receive());
    first.send("4y");
    wire.say("first goes on", await first.receive());
  });

  // The official server takes it for an upgrade, and lets it wait for the time-out of one.
  script("a socket for a session that began as WebSocket is opened and closed", { upgradeTimeout: 200 }, async (wire) => {
    const first = await wire.opened();
    const second = await wire.socket(`EIO=4&transport=websocket&sid=${first.sid}`);
    wire.say("second", await second.receive());
    first.send("4x");
    wire.say("first goes on", await first.receive());
  });

  const hasty = { upgradeTimeout: 200 };
  script("an upgrade that takes too long is closed, and polling lives", hasty, async (wire) => {
    for (const probe of [false, true]) {
      const session = await wire.session();
      const socket = await session.upgrade();
      if (probe) {
        socket.send("2probe");
        wire.say("probe", await socket.receive());
      }
      wire.say("end", await socket.receive());
      await session.post("4x");
      wire.say("polling lives", noops(await session.poll()));
    }
  });

  script("a new socket that goes away leaves polling as it was", async (wire) => {
    for (const how of ["close", "terminate"]) {
      const session = await wire.session();
      const socket = await session.upgrade();
      socket.send("2probe");
      await socket.receive();
      socket[how]();
      await socket.receive();
      const { poll } = await session.waiting();
      await session.post("4x");
      wire.say(`polling lives after ${how}`, noops(await poll));
      const again = await session.upgrade();
      again.send("2probe");
      wire.say("a second try", await again.receive());
    }
  });

  script("a client that says close while it probes", async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    await socket.receive();
    wire.say("post", await session.post("1"));
    wire.say("socket", await socket.receive());
    wire.say("poll", await session.poll());
  });

  script("a ping that is due while probing goes over polling, its pong over WebSocket",
    { pingInterval: 300, pingTimeout: 10_000 }, async (wire) => {
      const session = await wire.session();
      const socket = await session.upgrade();
      socket.send("2probe");
      wire.say("probe", await socket.receive());
      let packets = [];
      while (!packets.length) packets = noops(await session.poll());
      wire.say("over polling", packets);
      socket.send("5");
      socket.send("3");
      wire.say("the next over WebSocket", await socket.receive());
      socket.send("3");
      wire.say("and the next", await socket.receive());
    });
});

differential("differential: the end of a session in its upgrade", "wire", (script) => {
  script("a server that closes while probing", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("post", await session.post("47"));
    wire.say("poll", await session.poll());
    wire.say("socket", await socket.receive());
    wire.say("afterwards", await session.poll());
  });

  script("a server that closes while a poll waits and a socket probes", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    const { poll } = await session.waiting();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("poll", await poll);
    const next = session.poll();
    wire.say("post", await session.post("47"));
    wire.say("next poll", noops(await next));
    wire.say("socket", await socket.receive());
  });

  script("an upgrade that comes when the server has closed", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("post", await session.post("47"));
    socket.send("5");
    wire.say("socket", await socket.receive());
    wire.say("poll", await session.poll());
  });

  script("events and acks around an upgrade come once and in order", async (wire) => {
    const session = await wire.joined();
    const socket = await session.upgrade();
    await session.post('421["a",1]');
    socket.send("2probe");
    await socket.receive();
    wire.say("over polling", noops(await session.pollPackets(2)));
    await session.post('422["b",2]');
    socket.send("5");
    socket.send('423["c",3]');
    const frames = [];
    while (frames.length < 4) frames.push(await socket.receive());
    wire.say("over WebSocket", frames);
  });
});
