// The handshake: the open packet over both transports, and the headers of answers.
import { differential } from "../support/differential.mjs";
import { upgradeLines } from "../support/probe.mjs";

const POLLING = "EIO=4&transport=polling";
const WEBSOCKET = "EIO=4&transport=websocket";
const HTTP_DATE = /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g;

/** The header lines of the 101. */
const switched = async (wire) => (await wire.exchange(`GET ${WEBSOCKET}`, upgradeLines())).answer;

differential("differential: handshake", "eio4", (script) => {
  const OWN = { pingInterval: undefined, pingTimeout: undefined };
  script("the open packet over polling, and its headers", OWN, async (wire) => {
    const answer = await wire.get(POLLING);
    wire.say("answer", answer);
    wire.say("shape of the id", /"sid":"[\w-]{20}"/.test(answer.body));
    wire.say("another id", (await wire.get(POLLING)).body);
  });

  script("the open packet over WebSocket offers no upgrade", OWN, async (wire) => {
    wire.say("open", await (await wire.socket()).receive());
  });

  script("the settings in the open packet", { pingInterval: 12345, pingTimeout: 6789, maxHttpBufferSize: 4321 },
    async (wire) => wire.say("open", (await wire.get(POLLING)).body));

  script("no upgrade is offered when upgrades are switched off", { allowUpgrades: false }, async (wire) => {
    wire.say("polling", (await wire.get(POLLING)).body);
    wire.say("websocket", await (await wire.socket()).receive());
  });

  script("an upgrade when upgrades are switched off", { allowUpgrades: false }, async (wire) => {
    const session = await wire.session();
    const socket = await session.upgrade();
    socket.send("2probe");
    wire.say("probe", await socket.receive());
    wire.say("polling", [await session.post("4x"), await session.poll()]);
  });

  script("no upgrade is offered when websocket is switched off", { transports: ["polling"] },
    async (wire) => wire.say("open", (await wire.get(POLLING)).body));

  script("an initial packet comes right after the open packet", { initialPacket: "faster!" },
    async (wire) => {
      wire.say("polling", await wire.get(POLLING));
      const socket = await wire.socket();
      wire.say("websocket", [await socket.receive(), await socket.receive()]);
    });

  script("an initial packet of letters beyond ASCII", { initialPacket: "schön 🎥" }, async (wire) => {
    wire.say("polling", await wire.get(POLLING));
    const socket = await wire.socket();
    wire.say("websocket", [await socket.receive(), await socket.receive()]);
  });

  script("a handshake on a connection that is closed after it", async (wire) => {
    const once = { headers: { connection: "close" }, agent: false };
    wire.say("handshake", await wire.get(POLLING, once));
    const session = await wire.session();
    wire.say("post", await wire.post(session.query, "4x", once));
    wire.say("poll", await wire.get(session.query, once));
  });

  for (const agent of ["Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.0)", "Mozilla/5.0 (Windows NT; Trident/7.0; rv:11)", "Mozilla/5.0 MSIE"]) {
    script(`the XSS filter of ${agent}`, async (wire) => {
      const headers = { "user-agent": agent };
      wire.say("handshake", (await wire.get(POLLING, { headers })).headers);
      const session = await wire.session();
      wire.say("post", (await wire.post(session.query, "4x", { headers })).headers);
      wire.say("poll", (await wire.get(session.query, { headers })).headers);
      wire.say("refusal", (await wire.get("EIO=4", { headers })).headers);
    });
  }
});

differential("differential: the cookie of a session", "eio4", (script) => {
  const cookies = {
    "as it is by itself": true,
    "with a name": { name: "who" },
    "without a path": { path: false },
    "with a path": { path: "/live" },
    "for scripts too": { httpOnly: false },
    "for one day, one domain, TLS only": { maxAge: 86400, domain: "example.org", secure: true },
    "strict": { sameSite: "strict" },
    "from other sites too": { sameSite: "none", secure: true },
    "that says nothing of sites": { sameSite: false },
    "in other words": { name: "a.b", path: "/", httpOnly: true, maxAge: 0, sameSite: "lax" },
  };
  for (const [title, cookie] of Object.entries(cookies)) {
    script(`a cookie ${title}`, { cookie }, async (wire) => {
      const { headers, body } = await wire.get(POLLING);
      wire.say("handshake", { body, headers });
    });
  }

  script("a cookie comes with the handshake only", { cookie: true }, async (wire) => {
    const session = await wire.session();
    wire.say("post", (await wire.post(session.query, "4x")).headers);
    wire.say("poll", (await wire.get(session.query)).headers);
    wire.say("refusal", (await wire.get("EIO=4")).headers);
    wire.say("101", (await switched(wire)).headers);
  });
});

differential("differential: headers of the application", "wire", (script) => {
  script("first headers come once in a session, the others always", async (wire) => {
    const { headers } = await wire.get(POLLING);
    wire.say("handshake", headers);
    const session = await wire.session();
    wire.say("post", (await wire.post(session.query, "40")).headers);
    wire.say("poll", (await wire.get(session.query)).headers);
    wire.say("101 of a new session", (await switched(wire)).headers);
    const upgrade = await wire.exchange(`GET ${WEBSOCKET}&sid=${session.sid}`, upgradeLines());
    wire.say("101 of an upgrade", upgrade.answer.headers);
    wire.say("refusal", (await wire.get("EIO=4")).headers);
    wire.say("500", (await wire.request("PUT", session.query)).headers);
  });
});

// Whether what is sent at the open comes in the answer to the handshake or to the first poll is
// not told here: it is a matter of turns.
differential("differential: cookies of the application", "engineio-client", (script) => {
  const dateless = (answer) => JSON.parse(JSON.stringify(answer).replace(HTTP_DATE, "<date>"));
  script("four cookies at once, with the handshake only", async (wire) => {
    const { "content-length": _, ...headers } = dateless((await wire.get(POLLING)).headers);
    wire.say("handshake", headers);
    const session = await wire.session();
    wire.say("post", (await wire.post(session.query, "4x")).headers);
    const { "content-length": __, ...more } = (await wire.get(session.query)).headers;
    wire.say("poll", more);
  });

  script("the headers of the post that carried a message", async (wire) => {
    const session = await wire.session();
    const headers = { "x-mine": "1", cookie: "1=1; 2=2" };
    await session.post("4sendHeaders", { headers });
    const packets = [];
    while (!packets.at(-1)?.startsWith("4{")) packets.push(...(await session.poll()));
    const answer = packets.at(-1);
    const { "x-mine": mine, cookie } = JSON.parse(answer.slice(1));
    wire.say("headers", { mine, cookie });
  });
});
