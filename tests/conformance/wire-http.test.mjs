// Engine.IO 4 over HTTP: verification of requests, handshake, polls, posts and their ends.
import { compare } from "./support/compare.mjs";
import { payload } from "./support/wire.mjs";

const MAX_PAYLOAD = 131_072;
const STRANGER = "AAAAAAAAAAAAAAAAAAAA";

compare("verification of polling requests", (script) => {
  const refusals = {
    "transport missing": "EIO=4",
    "transport unknown": "EIO=4&transport=carrier-pigeon",
    "transport empty": "EIO=4&transport=",
    "transport constructor": "EIO=4&transport=constructor",
    "transport __proto__": "EIO=4&transport=__proto__",
    "transport webtransport": "EIO=4&transport=webtransport",
    "transport in capitals": "EIO=4&transport=POLLING",
    "websocket as a plain request": "EIO=4&transport=websocket",
    "protocol version missing": "transport=polling",
    "protocol version not a number": "EIO=abc&transport=polling",
    "protocol version 3": "EIO=3&transport=polling",
    "protocol version 5": "EIO=5&transport=polling",
    "protocol version repeated, the last wrong": "EIO=4&EIO=3&transport=polling",
    "session unknown": `EIO=4&transport=polling&sid=${STRANGER}`,
    "session unknown and version wrong": `EIO=3&transport=polling&sid=${STRANGER}`,
    "session unknown and transport unknown": `EIO=4&transport=x&sid=${STRANGER}`,
    "no query": "",
  };
  for (const [title, query] of Object.entries(refusals)) {
    script(`GET, ${title}`, async (wire) => wire.say("answer", await wire.get(query)));
    script(`POST, ${title}`, async (wire) => wire.say("answer", await wire.post(query, "40")));
  }

  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    script(`a handshake by ${method}`, async (wire) => {
      wire.say("answer", await wire.request(method, "EIO=4&transport=polling"));
      wire.say("wins over the version", await wire.request(method, "EIO=3&transport=polling"));
    });
  }

  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    script(`${method} on a live session`, async (wire) => {
      const session = await wire.session();
      const { status, body } = await wire.request(method, session.query);
      wire.say("answer", { status, body });
      wire.say("still there", [await session.post("40"), await session.poll()]);
    });
  }

  script("a session asked for in the name of another version", async (wire) => {
    const session = await wire.session();
    for (const other of ["EIO=3", "EIO=5", "x"]) {
      const query = session.query.replace("EIO=4", other);
      wire.say("poll", await wire.get(query));
      wire.say("post", await wire.post(query, "40"));
    }
    wire.say("still there", [await session.post("40"), await session.poll()]);
  });

  script("an empty sid is a handshake", async (wire) => {
    wire.say("answer", await wire.get("EIO=4&transport=polling&sid="));
  });

  script("a repeated parameter counts as its last", async (wire) => {
    wire.say("version", await wire.get("EIO=3&EIO=4&transport=polling"));
    wire.say("transport", await wire.get("EIO=4&transport=x&transport=polling"));
  });

  script("deeper paths are ours, the path without its slash is not", async (wire) => {
    const query = "?EIO=4&transport=polling";
    wire.say("deep", await wire.get(`/socket.io/a/b/${query}`));
    const { status } = await wire.get(`/socket.io${query}`);
    wire.say("no slash", status);
    wire.say("another path", (await wire.get(`/engine.io/${query}`)).status);
  });

  script("parameters that it does not know are left alone", async (wire) => {
    wire.say("answer", await wire.get("EIO=4&transport=polling&t=abc123&x=%zz&%&=&a=%F0%9F%8E%A5"));
  });

  script("a percent-encoded parameter is decoded", async (wire) => {
    wire.say("answer", await wire.get("EIO=%34&transport=poll%69ng"));
  });
});

compare("handshake by polling", (script) => {
  script("the open packet and its headers", async (wire) => {
    wire.say("answer", await wire.get("EIO=4&transport=polling"));
  });

  script("ids differ and are safe in a URL", async (wire) => {
    const ids = [];
    for (let index = 0; index < 20; index += 1) ids.push((await wire.session()).sid);
    wire.say("distinct", new Set(ids).size);
    wire.say("shape", ids.every((id) => /^[\w-]{20}$/.test(id)));
  });

  script("the heartbeat it was started with", ["--ping-interval", "300ms", "--ping-timeout", "200ms"],
    async (wire) => wire.say("answer", await wire.get("EIO=4&transport=polling")));

  script("a client that closes every connection", async (wire) => {
    const once = { headers: { connection: "close" }, agent: false };
    wire.say("answer", await wire.get("EIO=4&transport=polling", once));
    const session = await wire.session();
    wire.say("post", await session.post("40", once));
    wire.say("poll", await session.poll(once));
  });
});

compare("posts and polls", (script) => {
  script("a post is answered with ok", async (wire) => {
    const session = await wire.session();
    wire.say("answer", await wire.post(session.query, "40"));
    wire.say("poll", await wire.get(session.query));
  });

  script("several packets in one payload, both ways and in order", async (wire) => {
    const session = await wire.joined();
    wire.say("post", await session.post(payload('421["join","a"]', '422["join","a"]', '423["x"]')));
    await session.post('424["join","a"]');
    wire.say("polls", await session.pollPackets(6));
  });

  script("the content type of a post does not matter", async (wire) => {
    const session = await wire.session();
    for (const type of ["application/json", "application/x-www-form-urlencoded", "x"]) {
      const headers = { "content-type": type };
      wire.say(type, await session.post("6", { headers }));
    }
  });

  script("octet-stream is not for this version", async (wire) => {
    const session = await wire.session();
    const headers = { "content-type": "application/octet-stream" };
    wire.say("post", await session.post("40", { headers }));
    wire.say("afterwards", await session.poll());
  });

  script("a chunked body, cut within a character", async (wire) => {
    const session = await wire.joined();
    const body = Buffer.from('421["join","zimmer ä 🎥"]');
    const cut = body.indexOf(0xc3) + 1;
    const chunks = [body.subarray(0, cut), body.subarray(cut, cut + 3), body.subarray(cut + 3)];
    wire.say("post", await session.post(undefined, { chunks }));
    wire.say("poll", await session.pollPackets(2));
  });

  for (const packet of ["0", "5", "6", "3", "3x", "6x", "5x"]) {
    script(`a stray ${packet} is ignored`, async (wire) => {
      const session = await wire.joined();
      wire.say("post", await session.post(payload(packet, `421["join","stray ${packet}"]`)));
      wire.say("poll", await session.pollPackets(2));
    });
  }

  const bad = {
    "letters": "abc",
    "an unknown type": "9",
    "an unknown type with text": "7x",
    "an empty body": "",
    "a separator at the end": payload('421["join","bad"]', ""),
    "a bad packet between good ones": payload('421["join","bad"]', "9", '422["join","bad"]'),
    "binary that is not base64": "b####",
    "binary that nobody waits for": "bAQI=",
    "an empty message": "4",
    "a ping, which is the server's": "2",
  };
  for (const [title, body] of Object.entries(bad)) {
    script(`a payload of ${title}`, async (wire) => {
      const session = await wire.joined();
      const other = await wire.witness(title);
      await session.sit(title);
      wire.say("post", await session.post(body));
      wire.say("afterwards", await session.poll());
      await wire.seesLeave(other);
      wire.say("and then", await session.poll());
    });
  }

  script("a bad payload while a poll waits", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    wire.say("post", await session.post("9"));
    wire.say("poll", await poll);
    wire.say("afterwards", await session.poll());
  });

  script("a second poll at the same time", async (wire) => {
    const session = await wire.joined();
    // Which of two requests comes first is the network's business: one answer is each.
    const answers = await Promise.all([session.poll(), session.poll()]);
    wire.say("answers", answers.map((answer) => JSON.stringify(answer)).sort());
    wire.say("afterwards", await session.poll());
  });

  script("a second post at the same time", async (wire) => {
    const session = await wire.joined();
    const other = await wire.witness("twice");
    await session.sit("twice");
    const half = wire.unfinished(session.query, "4");
    await half.begun;
    wire.say("second", await session.post("6"));
    wire.say("first", await half.ended());
    await wire.seesLeave(other);
    wire.say("afterwards", await session.poll());
  });

  script("a poll that the client gives up", async (wire) => {
    const session = await wire.joined();
    const other = await wire.witness("given up");
    await session.sit("given up");
    const half = wire.unfinished(session.query);
    await half.begun;
    half.giveUp();
    await wire.seesLeave(other);
    wire.say("afterwards", await session.poll());
  });

  script("a post that the client gives up", async (wire) => {
    const session = await wire.joined();
    const other = await wire.witness("half");
    await session.sit("half");
    const half = wire.unfinished(session.query, "4");
    await half.begun;
    half.giveUp();
    await wire.seesLeave(other);
    wire.say("afterwards", await session.poll());
  });

  script("a close by the client while a poll waits", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    wire.say("post", await session.post(payload("1", '421["join","late"]')));
    wire.say("poll", await poll);
    wire.say("afterwards", await session.poll());
  });

  script("a close by the client without a poll", async (wire) => {
    const session = await wire.joined();
    const other = await wire.witness("closed");
    await session.sit("closed");
    wire.say("post", await session.post("1"));
    await wire.seesLeave(other);
    wire.say("afterwards", await session.poll());
  });

  script("a body of exactly the limit", async (wire) => {
    const session = await wire.session();
    const body = `6${"x".repeat(MAX_PAYLOAD - 1)}`;
    wire.say("post", await session.post(body));
    wire.say("still there", [await session.post("40"), await session.poll()]);
  });

  script("the limit counts bytes", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post(`6${"ä".repeat(MAX_PAYLOAD / 2)}`));
  });

  script("a body over the limit, its length given", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post(`6${"x".repeat(MAX_PAYLOAD)}`));
  });

  script("a body over the limit, in chunks", async (wire) => {
    const session = await wire.session();
    const chunks = [`6${"x".repeat(MAX_PAYLOAD / 2)}`, "y".repeat(MAX_PAYLOAD / 2)];
    wire.say("post", await session.post("zz", { chunks }));
  });
});
