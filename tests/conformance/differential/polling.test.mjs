// Data over polling: posts, polls and payloads, and what a bad one does.
import { gunzipSync, inflateSync } from "node:zlib";
import { differential } from "../support/differential.mjs";
import { payload } from "../support/wire.mjs";

const POLLING = "EIO=4&transport=polling";
const LIMIT = { maxHttpBufferSize: 1000 };

differential("differential: polls and posts", "eio4", (script) => {
  script("a post is answered with ok, a poll with what came back", async (wire) => {
    const session = await wire.session();
    wire.say("post", await wire.post(session.query, "4hello"));
    wire.say("poll", await wire.get(session.query));
  });

  script("a post is answered after its packets were handled", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post(payload("4a", "4b", "4c")));
    wire.say("one poll has all of it", await session.poll());
  });

  script("a payload in a chunked body, cut within a character", async (wire) => {
    const session = await wire.session();
    const body = Buffer.from("4zimmer ä 日本 🎥");
    const chunks = [...body].map((byte) => Buffer.from([byte]));
    wire.say("post", await wire.post(session.query, undefined, { chunks }));
    wire.say("poll", await wire.get(session.query));
  });

  script("the content type of a post does not matter", async (wire) => {
    const session = await wire.session();
    for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded", "x",
      "application/octet-stream; x=1", "APPLICATION/OCTET-STREAM"]) {
      const headers = { "content-type": type };
      wire.say(type, [await session.post("4x", { headers }), await session.poll()]);
    }
    const { answer } = await wire.exchange(`POST ${session.query}`, ["Content-Length: 2", "Connection: close"], "4y");
    wire.say("none", [answer.status, answer.body, await session.poll()]);
  });

  script("octet-stream is refused, and ends the session", async (wire) => {
    const session = await wire.session();
    const headers = { "content-type": "application/octet-stream" };
    wire.say("post", await wire.post(session.query, "4x", { headers }));
    wire.say("afterwards", await wire.get(session.query));
  });

  script("binary is base64 with its padding, and goes back as it came", async (wire) => {
    const session = await wire.session();
    for (const packet of ["bAQIDBA==", "bAQID", "b", "bAQIDBA", "bAQ"]) {
      wire.say(packet, [await session.post(packet), await session.poll()]);
    }
  });

  for (const packet of ["b_-8=", "b####", "bAQI=AQI=", "bA"]) {
    script(`binary that is not base64: ${packet}`, async (wire) => {
      const session = await wire.session();
      wire.say("post", await session.post(packet));
      wire.say("poll", await session.poll());
    });
  }

  script("text and binary in one payload keep their order", async (wire) => {
    const session = await wire.session();
    await session.post(payload("4a", "bAQIDBA==", "4", "4ä 🎥", "b"));
    wire.say("poll", await wire.get(session.query));
  });

  script("an empty message is a message", async (wire) => {
    const session = await wire.session();
    wire.say("post", await session.post("4"));
    wire.say("poll", await session.poll());
  });

  for (const packet of ["0", "5", "6", "3", "3probe", "0{}", "6x"]) {
    script(`a stray ${packet} is ignored`, async (wire) => {
      const session = await wire.session();
      wire.say("post", await session.post(payload(packet, "4x")));
      wire.say("poll", await session.poll());
    });
  }

  const bad = {
    "letters": "abc",
    "an unknown type": "9",
    "an unknown type with text": "7x",
    "nothing": "",
    "a separator alone": payload("", ""),
    "a ping, which is the server's": "2",
    "a ping with a probe": "2probe",
    "a minus": "-1",
  };
  for (const [title, body] of Object.entries(bad)) {
    script(`a payload of ${title} ends the session`, async (wire) => {
      const session = await wire.session();
      wire.say("post", await wire.post(session.query, body));
      wire.say("poll", await wire.get(session.query));
    });

    script(`a payload of ${title} while a poll waits`, async (wire) => {
      const session = await wire.session();
      const { poll } = await session.waiting();
      wire.say("post", await session.post(body));
      wire.say("poll", await poll);
      wire.say("afterwards", await session.poll());
    });
  }

  script("what comes before a bad packet is handled, what comes after it is not", async (wire) => {
    for (const body of [payload("4a", "9", "4b"), payload("4a", "")]) {
      const session = await wire.session();
      const { poll } = await session.waiting();
      wire.say("post", await session.post(body));
      wire.say("poll", await poll);
      wire.say("afterwards", await session.poll());
    }
  });

  script("what comes before a close is handled, what comes after it is not", async (wire) => {
    const session = await wire.session();
    const { poll } = await session.waiting();
    wire.say("post", await session.post(payload("4a", "1", "4b")));
    wire.say("poll", await poll);
    wire.say("afterwards", await session.poll());
  });

  script("a second poll at the same time ends the session", async (wire) => {
    const session = await wire.session();
    // Which of two comes first is the network's business: there is one answer of each kind.
    const answers = await Promise.all([wire.get(session.query), wire.get(session.query)]);
    wire.say("answers", answers.sort((one, other) => one.status - other.status));
    wire.say("afterwards", await wire.get(session.query));
  });

  script("a second post at the same time ends the session, and the first", async (wire) => {
    const session = await wire.session();
    const half = wire.unfinished(session.query, "4x");
    await half.begun;
    wire.say("second", await wire.post(session.query, "4y"));
    wire.say("first", await half.ended());
    wire.say("afterwards", await wire.get(session.query));
  });

  script("a post beside a poll that waits is no second request", async (wire) => {
    const session = await wire.session();
    const { poll } = await session.waiting();
    wire.say("post", await session.post("4x"));
    wire.say("poll", await poll);
  });

  script("a body of exactly the limit, in bytes", LIMIT, async (wire) => {
    const session = await wire.session();
    const body = `4${"ä".repeat(499)}x`;
    wire.say("bytes", Buffer.byteLength(body));
    wire.say("post", await wire.post(session.query, body));
    wire.say("poll", (await session.poll())[0] === body);
  });

  script("a body over the limit, in bytes", LIMIT, async (wire) => {
    const session = await wire.session();
    const { connection, ...answer } = await wire.post(session.query, `4${"ä".repeat(500)}`);
    wire.say("post", answer);
    wire.say("the session survives", [await session.post("4x"), await session.poll()]);
  });

  script("a body over the limit, in chunks", LIMIT, async (wire) => {
    const session = await wire.session();
    const chunks = [`4${"x".repeat(600)}`, "y".repeat(600)];
    const { connection, ...answer } = await wire.post(session.query, "z", { chunks });
    wire.say("post", answer);
    wire.say("the session survives", [await session.post("4x"), await session.poll()]);
  });
});

differential("differential: compression of polls", "eio4", (script) => {
  const encoded = async (wire, length, accepted) => {
    const session = await wire.session();
    await session.post(`4${"x".repeat(length - 1)}`);
    const headers = accepted === undefined ? {} : { "accept-encoding": accepted };
    const answer = await wire.get(session.query, { headers });
    return { status: answer.status, headers: answer.headers };
  };

  script("an answer of 1024 bytes is compressed, a shorter one is not", async (wire) => {
    wire.say("1023", await encoded(wire, 1023, "gzip"));
    wire.say("1024", await encoded(wire, 1024, "gzip"));
    wire.say("one that nobody wants so", await encoded(wire, 1024));
  });

  script("the length that counts is in bytes", async (wire) => {
    const session = await wire.session();
    await session.post(`4${"ä".repeat(512)}`);
    wire.say("headers", (await wire.get(session.query, { headers: { "accept-encoding": "gzip" } })).headers);
  });

  for (const accepted of ["gzip, deflate, br", "deflate, gzip", "deflate", "br", "gzip;q=0", "gzip;q=0, deflate",
    "gzip;q=0.5, deflate;q=0.9", "deflate;q=0.5, gzip;q=0.5", "identity", "identity, gzip", "*", "*;q=0", "GZIP",
    "identity;q=0.5, gzip;q=0.4", "x-gzip", ""]) {
    script(`the encoding for "${accepted}"`, async (wire) => {
      wire.say("answer", await encoded(wire, 2000, accepted));
    });
  }

  for (const [coding, decode] of [["gzip", gunzipSync], ["deflate", inflateSync]]) {
    script(`what ${coding} holds is the payload`, async (wire) => {
      const session = await wire.session();
      const packets = payload(`4${"x".repeat(900)}`, `4${"ä".repeat(400)}`);
      await session.post(packets);
      const answer = await wire.get(session.query, { headers: { "accept-encoding": coding }, decode });
      wire.say("headers", answer.headers);
      wire.say("the payload", answer.body === packets);
    });
  }

  script("a threshold of one's own", { httpCompression: { threshold: 50 } }, async (wire) => {
    wire.say("49", await encoded(wire, 49, "gzip"));
    wire.say("50", await encoded(wire, 50, "gzip"));
  });

  script("compression that is switched off", { httpCompression: false }, async (wire) => {
    wire.say("answer", await encoded(wire, 5000, "gzip"));
  });

  script("posts and refusals are not compressed", { httpCompression: { threshold: 1 } }, async (wire) => {
    const headers = { "accept-encoding": "gzip" };
    wire.say("handshake", (await wire.get(POLLING, { headers })).headers);
    const session = await wire.session();
    wire.say("post", await wire.post(session.query, "4x", { headers }));
    wire.say("refusal", await wire.get("EIO=4", { headers }));
  });
});

differential("differential: compression of single packets", "wire", (script) => {
  const headers = { "accept-encoding": "gzip" };
  for (const compress of [true, false]) {
    script(`an event that is sent ${compress ? "as usual" : "without compression"}`, async (wire) => {
      const session = await wire.joined();
      await session.post(`42["big",2000,${compress}]`);
      wire.say("answer", (await wire.get(session.query, { headers })).headers);
    });
  }
});
