// Clients of Engine.IO 3 and Socket.IO 2: their payloads, their heartbeat, their connecting.
import { differential } from "../support/differential.mjs";

const V3 = "EIO=3&transport=polling";
const hex = (bytes) => bytes.toString("hex");

/** A new session of version 3: its query, its id, and the body that it began with. */
async function handshake(wire, more = "") {
  const { body } = await wire.get(`${V3}${more}`, { decode: (bytes) => bytes.toString("latin1") });
  const [, sid] = /"sid":"([\w-]+)"/.exec(body);
  return { query: `${V3}${more}&sid=${wire.know("sid", sid)}`, sid, body };
}

/** A WebSocket of version 3, its open packet received. */
const opened = (wire, more = "") => wire.opened(`EIO=3&transport=websocket${more}`);

/** A poll of text: `[status, body]`. */
async function poll(wire, query) {
  const { status, body } = await wire.get(query);
  return [status, body];
}

differential("differential: Engine.IO 3 that is switched off", "eio4", (script) => {
  script("version 3 is code 5 unless it is switched on", async (wire) => {
    wire.say("polling", await wire.get(V3));
    wire.say("no version", await wire.get("transport=polling"));
  });
});

differential("differential: Engine.IO 3 over polling", "eio3", (script) => {
  script("the handshake has a length before its packet", async (wire) => {
    wire.say("version 3", await wire.get(V3));
    wire.say("no version", await wire.get("transport=polling"));
    wire.say("version 9", await wire.get("EIO=9&transport=polling"));
    wire.say("version 4 as ever", await wire.get("EIO=4&transport=polling"));
    wire.say("with b64", await wire.get(`${V3}&b64=1`));
    wire.say("over WebSocket", await (await wire.socket("EIO=3&transport=websocket")).receive());
  });

  script("a session has one version", async (wire) => {
    const { query } = await handshake(wire);
    wire.say("as 4", await wire.get(query.replace("EIO=3", "EIO=4")));
    wire.say("as none, which is 3", await wire.post(query.replace("EIO=3&", ""), "2:4x"));
    const session = await wire.session();
    wire.say("4 as 3", await wire.get(session.query.replace("EIO=4", "EIO=3")));
  });

  script("lengths count UTF-16 code units", async (wire) => {
    const { query } = await handshake(wire);
    for (const text of ["x", "é", "日本", "🎥", "", "a:b"]) {
      const packet = `4${text}`;
      wire.say(`post ${text}`, (await wire.post(query, `${packet.length}:${packet}`)).body);
      wire.say("poll", await wire.get(query));
    }
  });

  script("several packets in one payload", async (wire) => {
    const { query } = await handshake(wire);
    wire.say("post", await wire.post(query, "2:4a3:4äb1:43:4🎥"));
    wire.say("poll", await wire.get(query));
  });

  script("a client's ping is answered with a pong", async (wire) => {
    const { query } = await handshake(wire);
    wire.say("post", (await wire.post(query, "1:2")).body);
    wire.say("poll", await poll(wire, query));
    wire.say("with data", (await wire.post(query, "6:2probe")).body);
    wire.say("poll", await poll(wire, query));
  });

  script("a client's pong ends the session", async (wire) => {
    const { query } = await handshake(wire);
    wire.say("post", (await wire.post(query, "1:3")).body);
    wire.say("poll", await poll(wire, query));
  });

  script("binary in a batch makes it a binary payload", async (wire) => {
    const { query } = await handshake(wire);
    const headers = { "content-type": "application/octet-stream" };
    const body = Buffer.from([0, 2, 255, 0x34, 0x61, 1, 5, 255, 4, 1, 2, 3, 4, 0, 3, 255, 0x34, 0xc3, 0xa4]);
    wire.say("post", await wire.request("POST", query, { headers, body }));
    wire.say("poll", await wire.get(query, { decode: hex }));
  });

  script("a binary payload with long and with empty packets", async (wire) => {
    const { query } = await handshake(wire);
    const headers = { "content-type": "application/octet-stream" };
    const body = Buffer.concat([Buffer.from([1, 1, 2, 1, 255, 4]), Buffer.alloc(120, 7), Buffer.from([1, 1, 255, 4])]);
    wire.say("post", (await wire.request("POST", query, { headers, body })).body);
    wire.say("poll", await wire.get(query, { decode: hex }));
  });

  script("text in an octet-stream comes back as a text payload", async (wire) => {
    const { query } = await handshake(wire);
    const headers = { "content-type": "application/octet-stream" };
    const body = Buffer.from([0, 2, 255, 0x34, 0x61]);
    wire.say("post", await wire.request("POST", query, { headers, body }));
    wire.say("poll", await wire.get(query));
  });

  script("binary is base64 for a client that asked for it", async (wire) => {
    const { query } = await handshake(wire, "&b64=1");
    wire.say("post", (await wire.post(query, "10:b4AQIDBA==")).body);
    wire.say("poll", await wire.get(query));
    wire.say("mixed", (await wire.post(query, "2:4a6:b4AQI=2:4b")).body);
    wire.say("poll", await wire.get(query));
  });

  script("a packet of no length is passed over", async (wire) => {
    const { query } = await handshake(wire);
    wire.say("post", (await wire.post(query, "0:2:4x")).body);
    wire.say("poll", await poll(wire, query));
  });

  const bad = {
    "letters": "abc", "a length too long": "9:4x", "a length too short": "1:4x", "no packet": "",
    "an unknown type": "1:9", "a length of nothing": ":4x", "a negative length": "-1:4x",
    "a length with a zero before it": "02:4x", "version 4's way": "4x\u001e4y",
  };
  for (const [title, body] of Object.entries(bad)) {
    script(`a payload of version 3 with ${title}`, async (wire) => {
      const { query } = await handshake(wire);
      wire.say("post", await wire.post(query, body));
      wire.say("poll", await poll(wire, query));
    });
  }

  script("noop, close and a second poll as in version 4", async (wire) => {
    const { query } = await handshake(wire);
    const waiting = wire.get(query);
    wire.say("post", (await wire.post(query, "1:1")).body);
    wire.say("poll", await waiting);
    wire.say("afterwards", await poll(wire, query));
    const second = await handshake(wire);
    const answers = await Promise.all([poll(wire, second.query), poll(wire, second.query)]);
    wire.say("two polls", answers.sort(([one], [other]) => one - other));
  });

  script("JSONP", async (wire) => {
    for (const index of ["0", "12"]) {
      wire.say(`GET ${index}`, await wire.get(`${V3}&j=${index}`));
    }
    const { query } = await handshake(wire);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    wire.say("POST", await wire.request("POST", `${query}&j=0`, { headers, body: "d=2:4x" }));
  });

  script("JSONP with version 4", async (wire) => {
    wire.say("GET", await wire.get("EIO=4&transport=polling&j=0"));
  });
});

differential("differential: Engine.IO 3 over WebSocket", "eio3", (script) => {
  script("text frames are as in version 4, binary ones begin with 04", async (wire) => {
    const socket = await opened(wire);
    socket.send("4ä");
    wire.say("text", await socket.receive());
    for (const bytes of [[4, 1, 2], [4]]) {
      socket.send(Buffer.from(bytes));
      wire.say("binary", await socket.receive());
    }
  });

  script("binary is text for a client of version 3 that asked for base64", async (wire) => {
    const socket = await opened(wire, "&b64=1");
    socket.send(Buffer.from([4, 1, 2, 3, 4]));
    wire.say("a frame", await socket.receive());
    socket.send("b4AQI=");
    wire.say("base64", await socket.receive());
  });

  script("a ping is answered, a pong closes", async (wire) => {
    const socket = await opened(wire);
    socket.send("2");
    wire.say("pong", await socket.receive());
    socket.send("2data");
    wire.say("pong with data", await socket.receive());
    socket.send("3");
    wire.say("end", await socket.receive());
  });

  const bad = {
    "letters": "abc",
    "nothing": "",
    "an unknown type": "9",
    "no bytes": Buffer.alloc(0),
    "bytes of an unknown type": Buffer.from([9]),
    "bytes of a type in letters": Buffer.from("4x"),
  };
  for (const [title, frame] of Object.entries(bad)) {
    script(`a frame of version 3 with ${title}`, async (wire) => {
      const socket = await opened(wire);
      socket.send(frame);
      socket.send("4x");
      wire.say("next", await socket.receive());
    });
  }

  script("the server does not ping, and closes when the client does not", { pingInterval: 500, pingTimeout: 1000 },
    async (wire) => {
      const socket = await opened(wire);
      wire.say("frames", await socket.receive());
      const { query } = await handshake(wire);
      wire.say("a poll that waits", await poll(wire, query));
      wire.say("afterwards", await poll(wire, query));
    });

  script("each ping of the client begins its time anew", { pingInterval: 200, pingTimeout: 3000 }, async (wire) => {
    const silent = await opened(wire);
    const lively = await opened(wire);
    const beat = () => lively.send("2");
    lively.on("message", (data) => data.toString() === "3" && setTimeout(beat, 100));
    beat();
    wire.say("silent", await silent.receive());
    lively.send("4x");
    const frames = await lively.receiveUntil((frame) => frame === "4x");
    wire.say("lively", [...new Set(frames)]);
  });

  script("an upgrade of version 3", async (wire) => {
    const { query, sid } = await handshake(wire);
    const waiting = wire.get(query);
    const socket = await wire.socket(`EIO=3&transport=websocket&sid=${sid}`);
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("the poll that waits", await waiting);
    await wire.post(query, "2:4x");
    wire.say("data", await poll(wire, query));
    await wire.post(query, "2:4y");
    socket.send("5");
    wire.say("what no poll fetched", await socket.receive());
    socket.send("4z");
    wire.say("and on", await socket.receive());
    wire.say("polling", await poll(wire, query));
  });
});

const ALLOWED = { allowEIO3: true };

differential("differential: Socket.IO 2", "interop", (script) => {
  script("the main namespace is joined by itself", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    wire.say("frames", [await socket.receive(), await socket.receive()]);
    socket.send('421["echo","ä",{"a":1}]');
    wire.say("echo", [await socket.receive(), await socket.receive()]);
    // How many of the packets come in the answer to the handshake is not told.
    const { body, query } = await handshake(wire);
    let packets = body.slice(body.indexOf("}") + 1);
    while (!packets.includes("hello")) packets += (await poll(wire, query))[1];
    wire.say("polling", packets);
  });

  script("a namespace is answered without JSON, its query is the auth", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    await socket.receiveUntil((frame) => frame.startsWith("42"));
    for (const connect of ["40/custom?token=1&x=a%20b", "40/custom"]) {
      const other = connect === "40/custom" ? await opened(wire) : socket;
      if (other !== socket) await other.receiveUntil((frame) => frame.startsWith("42"));
      other.send(connect);
      wire.say(connect, [await other.receive(), await other.receive()]);
      other.send('42/custom,1["echo",1]');
      wire.say("events", [await other.receive(), await other.receive()]);
    }
  });

  script("a refusal is a bare value", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    await socket.receiveUntil((frame) => frame.startsWith("42"));
    for (const namespace of ["/deny", "/nowhere", "/nowhere?x=1"]) {
      socket.send(`40${namespace}`);
      wire.say(namespace, await socket.receive());
    }
    socket.send('421["echo",1]');
    wire.say("the connection stays", await socket.receive());
  });

  script("leaving and joining again", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    await socket.receiveUntil((frame) => frame.startsWith("42"));
    socket.send("40/custom");
    wire.say("joined", [await socket.receive(), await socket.receive()]);
    socket.send("41/custom");
    socket.send('42["echo"]');
    wire.say("left", await socket.receive());
    socket.send("40/custom");
    wire.say("again", [await socket.receive(), await socket.receive()]);
    socket.send('42["kick"]');
    wire.say("kicked", await socket.receive());
  });

  script("acks and binary of version 2", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    await socket.receiveUntil((frame) => frame.startsWith("42"));
    socket.send('42["ackme"]');
    wire.say("question", await socket.receive());
    socket.send('430["yes"]');
    wire.say("answer", await socket.receive());
    socket.send('451-7["bin",{"_placeholder":true,"num":0}]');
    socket.send(Buffer.from([4, 1, 2, 3]));
    const frames = [];
    while (frames.length < 4) frames.push(await socket.receive());
    wire.say("binary", frames);
  });
});

differential("differential: ids and refusals of Socket.IO 2", "wire", (script) => {
  script("ids in version 2 are the session's", ALLOWED, async (wire) => {
    const [one, two] = [wire.namespace(1), wire.namespace(2)];
    const watchers = [await wire.watcher(), await wire.watcher(one), await wire.watcher(two)];
    const socket = await opened(wire);
    wire.say("main", await socket.receive());
    for (const namespace of [one, two]) {
      socket.send(`40${namespace}`);
      wire.say("joined", await socket.receive());
    }
    socket.close();
    wire.say("main", await watchers[0].gone(socket.sid));
    wire.say("one", await watchers[1].gone(`${one}#${socket.sid}`));
    wire.say("the other", await watchers[2].gone(`${two}#${socket.sid}`));
  });

  script("refusals of a middleware in version 2", ALLOWED, async (wire) => {
    const socket = await opened(wire);
    await socket.receive();
    for (const connect of ["40/mw?deny=1", "40/mw?deny=2", "40/mw?deny=3", "40/mw?x=1"]) {
      socket.send(connect);
      wire.say(connect, await socket.receive());
    }
    socket.send('421["auth"]');
    wire.say("the auth of the main namespace", await socket.receive());
    socket.send('42/mw,2["auth"]');
    wire.say("of the other", await socket.receive());
  });
});
