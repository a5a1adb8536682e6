// Requests from other sites: what the headers of CORS say, and to whom.
import { differential } from "../support/differential.mjs";
import { upgradeLines } from "../support/probe.mjs";

const POLLING = "EIO=4&transport=polling";
const SITE = "https://site.example";
const OTHER = "https://other.example";

/** What a browser asks before a request that is not simple. */
const preflight = (wire, query, headers = {}) =>
  wire.request("OPTIONS", query, {
    headers: { origin: SITE, "access-control-request-method": "POST", ...headers },
  });
const from = (origin) => ({ headers: { origin } });

differential("differential: requests from other sites", "eio4", (script) => {
  script("without CORS there are no headers, and OPTIONS is no handshake", async (wire) => {
    wire.say("handshake", await wire.get(POLLING, from(SITE)));
    wire.say("preflight", await preflight(wire, POLLING));
    wire.say("post", (await wire.post((await wire.session()).query, "4x", from(SITE))).headers);
  });

  const origins = {
    "any": "*",
    "one that is fixed": SITE,
    "whoever asks": true,
    "a list": [SITE, "https://third.example"],
    "an expression": { regex: "^https://[a-z]+\\.example$" },
    "a list with an expression": ["https://third.example", { regex: "site" }],
    "nobody": false,
    "an empty list": [],
  };
  for (const [title, origin] of Object.entries(origins)) {
    script(`origin: ${title}`, { cors: { origin } }, async (wire) => {
      for (const asks of [SITE, OTHER, "null", undefined]) {
        const options = asks === undefined ? {} : from(asks);
        wire.say(`handshake from ${asks}`, (await wire.get(POLLING, options)).headers);
      }
      const pre = await preflight(wire, POLLING);
      wire.say("preflight", pre);
      wire.say("preflight from another", (await preflight(wire, POLLING, { origin: OTHER })).headers);
      const session = await wire.session();
      wire.say("post", (await wire.post(session.query, "4x", from(SITE))).headers);
      wire.say("poll", (await wire.get(session.query, from(SITE))).headers);
    });
  }

  script("an expression that does not match", { cors: { origin: { regex: "\\.org$" } } }, async (wire) => {
    wire.say("handshake", await wire.get(POLLING, from(SITE)));
    wire.say("preflight", await preflight(wire, POLLING));
  });

  const plain = { cors: { origin: "*" } };
  script("a preflight is answered before anything is verified", plain, async (wire) => {
    for (const query of [POLLING, "EIO=4", "EIO=9&transport=x", `${POLLING}&sid=AAAAAAAAAAAAAAAAAAAA`,
      "EIO=4&transport=websocket", "", "/engine.io/a/b", "/engine.io/?x"]) {
      wire.say(query, await preflight(wire, query));
    }
    const session = await wire.session();
    wire.say("a live session", await preflight(wire, session.query));
    wire.say("which is unharmed", [await session.post("4x"), await session.poll()]);
    wire.say("a path that is not ours", (await preflight(wire, "/elsewhere/")).status);
    const bare = await wire.request("OPTIONS", POLLING);
    wire.say("OPTIONS that asks for nothing", bare);
  });

  script("the headers that a preflight asks for are allowed", plain, async (wire) => {
    for (const names of ["x-one", "X-One, x-two", "", "content-type,authorization"]) {
      wire.say(names, await preflight(wire, POLLING, { "access-control-request-headers": names }));
    }
  });

  const all = {
    cors: {
      origin: [SITE],
      methods: ["GET", "POST"],
      allowedHeaders: ["x-one", "x-two"],
      exposedHeaders: ["x-three", "x-four"],
      credentials: true,
      maxAge: 600,
      optionsSuccessStatus: 200,
    },
  };
  script("every setting of CORS", all, async (wire) => {
    wire.say("preflight", await preflight(wire, POLLING, { "access-control-request-headers": "x-nine" }));
    wire.say("preflight from another", await preflight(wire, POLLING, { origin: OTHER }));
    wire.say("handshake", await wire.get(POLLING, from(SITE)));
    const session = await wire.session();
    wire.say("post", await wire.post(session.query, "4x", from(SITE)));
    wire.say("poll", await wire.get(session.query, from(SITE)));
  });

  script("settings of CORS in one text each",
    { cors: { origin: "*", methods: "GET", allowedHeaders: "x-one,x-two", exposedHeaders: "x-three" } },
    async (wire) => {
      wire.say("preflight", await preflight(wire, POLLING));
      wire.say("handshake", (await wire.get(POLLING, from(SITE))).headers);
    });

  script("credentials for whoever asks", { cors: { origin: true, credentials: true } }, async (wire) => {
    wire.say("preflight", await preflight(wire, POLLING));
    wire.say("handshake", (await wire.get(POLLING, from(SITE))).headers);
  });

  script("refusals have the headers too", { cors: { origin: [SITE] } }, async (wire) => {
    wire.say("code 0", await wire.get("EIO=4", from(SITE)));
    wire.say("code 1", await wire.post(`${POLLING}&sid=AAAAAAAAAAAAAAAAAAAA`, "4x", from(SITE)));
    wire.say("code 2", await wire.post(POLLING, "4x", from(SITE)));
    wire.say("code 3", await wire.get("EIO=4&transport=websocket", from(SITE)));
    wire.say("code 5", await wire.get("EIO=3&transport=polling", from(SITE)));
    const session = await wire.session();
    wire.say("500", await wire.request("PUT", session.query, from(SITE)));
    const octets = { headers: { origin: SITE, "content-type": "application/octet-stream" } };
    wire.say("400 of a post", await wire.post(session.query, "4x", octets));
  });

  script("WebSocket is open to all sites", { cors: { origin: [SITE] } }, async (wire) => {
    for (const origin of [SITE, OTHER]) {
      const lines = [...upgradeLines(), `Origin: ${origin}`];
      const { answer } = await wire.exchange("GET EIO=4&transport=websocket", lines);
      wire.say(origin, answer.status);
    }
  });

  script("a compressed answer varies with the origin only",
    { cors: { origin: true }, httpCompression: { threshold: 1 } }, async (wire) => {
      const headers = { origin: SITE, "accept-encoding": "gzip" };
      wire.say("handshake", (await wire.get(POLLING, { headers })).headers);
    });
});
