// Which requests an engine takes, in which order it looks at them, and how it refuses the others.
import { differential } from "../support/differential.mjs";
import { upgradeLines } from "../support/probe.mjs";

const STRANGER = "AAAAAAAAAAAAAAAAAAAA";
const HANDSHAKE = "EIO=4&transport=polling";
const CLOSE = "Connection: close";

differential("differential: verification of requests", "eio4", (script) => {
  script("a transport that is missing or unknown is code 0", async (wire) => {
    for (const transport of ["", "&transport=", "&transport=x", "&transport=constructor",
      "&transport=__proto__", "&transport=webtransport", "&transport=POLLING"]) {
      wire.say(`GET${transport}`, await wire.get(`EIO=4${transport}`));
      wire.say(`POST${transport}`, await wire.post(`EIO=4${transport}`, "4x"));
    }
  });

  script("a transport that is switched off is code 0", { transports: ["websocket"] }, async (wire) => {
    wire.say("handshake", await wire.get(HANDSHAKE));
    wire.say("post", await wire.post(HANDSHAKE, "4x"));
  });

  script("the transport is looked at before the session", async (wire) => {
    wire.say("unknown both", await wire.get(`EIO=4&transport=x&sid=${STRANGER}`));
    const session = await wire.session();
    wire.say("a known session", await wire.get(`EIO=4&transport=x&sid=${session.sid}`));
    wire.say("unharmed", [await session.post("4x"), await session.poll()]);
  });

  script("an unknown session is code 1, before the version is looked at", async (wire) => {
    for (const version of ["EIO=4", "EIO=3", "EIO=abc", ""]) {
      const query = `${version}&transport=polling&sid=${STRANGER}`;
      wire.say(`GET ${version}`, await wire.get(query));
      wire.say(`POST ${version}`, await wire.post(query, "4x"));
    }
    wire.say("over the other transport", await wire.get(`EIO=4&transport=websocket&sid=${STRANGER}`));
    for (const sid of ["constructor", "__proto__", "%00", "x".repeat(2000)]) {
      const { status, body } = await wire.get(`${HANDSHAKE}&sid=${sid}`);
      wire.say(`sid ${sid.slice(0, 20)}`, { status, body });
    }
  });

  script("an empty session id is a handshake", async (wire) => {
    wire.say("GET", await wire.get(`${HANDSHAKE}&sid=`));
    wire.say("POST", await wire.post(`${HANDSHAKE}&sid=`, "4x"));
  });

  script("a handshake is a GET, or code 2, before the version is looked at", async (wire) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
      wire.say(method, await wire.request(method, HANDSHAKE));
      wire.say(`${method}, version 3`, await wire.request(method, "EIO=3&transport=polling"));
    }
    wire.say("PUT for websocket", await wire.request("PUT", "EIO=4&transport=websocket"));
  });

  script("websocket without an upgrade is code 3", async (wire) => {
    wire.say("GET", await wire.get("EIO=4&transport=websocket"));
    wire.say("GET, version 3", await wire.get("EIO=3&transport=websocket"));
  });

  script("a session asked for over its other transport is code 3", async (wire) => {
    const session = await wire.session();
    wire.say("polling as websocket", await wire.get(`EIO=4&transport=websocket&sid=${session.sid}`));
    wire.say("unharmed", [await session.post("4x"), await session.poll()]);
    const socket = await wire.opened();
    wire.say("websocket as polling, GET", await wire.get(`${HANDSHAKE}&sid=${socket.sid}`));
    wire.say("websocket as polling, POST", await wire.post(`${HANDSHAKE}&sid=${socket.sid}`, "4x"));
    socket.send("4y");
    wire.say("unharmed", await socket.receive());
  });

  script("a version that a session was not opened with is code 3", async (wire) => {
    const session = await wire.session();
    for (const version of ["EIO=3", "EIO=5", ""]) {
      wire.say(version, await wire.get(`${version}&transport=polling&sid=${session.sid}`));
    }
    wire.say("unharmed", [await session.post("4x"), await session.poll()]);
  });

  script("a version that is not 4 is code 5", async (wire) => {
    for (const version of ["", "EIO=", "EIO=abc", "EIO=3", "EIO=5", "EIO=04", "EIO=4.0", "eio=4"]) {
      wire.say(version, await wire.get(`${version}&transport=polling`));
    }
  });

  script("of a parameter that is repeated the last counts", async (wire) => {
    wire.say("4 and 3", await wire.get("EIO=4&EIO=3&transport=polling"));
    wire.say("3 and 4", await wire.get("EIO=3&EIO=4&transport=polling"));
    wire.say("x and polling", await wire.get("EIO=4&transport=x&transport=polling"));
    wire.say("polling and x", await wire.get("EIO=4&transport=polling&transport=x"));
    wire.say("sid and none", (await wire.get(`${HANDSHAKE}&sid=${STRANGER}&sid=`)).status);
    wire.say("none and sid", (await wire.get(`${HANDSHAKE}&sid=&sid=${STRANGER}`)).status);
  });

  script("a parameter is decoded before it is looked at", async (wire) => {
    wire.say("percent signs", (await wire.get("E%49O=%34&transport=poll%69ng")).status);
    wire.say("what cannot be decoded", (await wire.get(`${HANDSHAKE}&%&x=%zz&=&&y`)).status);
  });

  script("other methods on a live session are answered with 500, and it survives", async (wire) => {
    const session = await wire.session();
    for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
      wire.say(method, await wire.request(method, session.query));
    }
    wire.say("unharmed", [await session.post("4x"), await session.poll()]);
  });

  script("whatever begins with the path is the engine's", async (wire) => {
    const paths = ["/engine.io/a/b/", "/engine.io/default.js", "/engine.io//", "/engine.io",
      "/engine.iox/", "/engine", "/", "/Engine.IO/", "/x/engine.io/"];
    for (const path of paths) {
      const { status, body } = await wire.get(`${path}?${HANDSHAKE}`);
      wire.say(path, { status, ...(status === 200 && { body }) });
    }
  });

  script("the path without its slash", { addTrailingSlash: false }, async (wire) => {
    for (const path of ["/engine.io", "/engine.io/", "/engine.io/a", "/engine"]) {
      const { status, body } = await wire.get(`${path}?${HANDSHAKE}`);
      wire.say(path, { status, ...(status === 200 && { body }) });
    }
  });

  script("a path of one's own", { path: "/live/chat" }, async (wire) => {
    for (const path of ["/live/chat/", "/live/chat", "/engine.io/"]) {
      const { status, body } = await wire.get(`${path}?${HANDSHAKE}`);
      wire.say(path, { status, ...(status === 200 && { body }) });
    }
  });

  script("control characters in Origin are not HTTP", async (wire) => {
    for (const [title, origin] of [["a zero byte", "\0"], ["a bell", "a\x07b"], ["a delete", "a\x7f"]]) {
      const { connection, answer } = await wire.exchange(`GET ${HANDSHAKE}`, [`Origin: ${origin}`]);
      const { status, body } = answer;
      wire.say(title, { status, body, afterwards: await connection.end() });
    }
    const { answer } = await wire.exchange(`GET ${HANDSHAKE}`, ["Origin: http://ä\xff", CLOSE]);
    wire.say("letters beyond ASCII are", answer.status);
  });

  script("a refusal leaves the connection as it is", async (wire) => {
    const connection = wire.connection();
    const request = (query) => connection.send(`GET /engine.io/?${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await request("EIO=4&transport=polling");
    wire.say("handshake", (await connection.answer()).status);
    await request("EIO=4&transport=polling");
    wire.say("and one more", (await connection.answer()).status);
  });
});

differential("differential: a server that asks the application first", "eio4", (script) => {
  const deny = `${HANDSHAKE}&deny=1`;
  script("a handshake that the application refuses is code 4", { denyWith: "" }, async (wire) => {
    wire.say("polling", await wire.get(deny));
    wire.say("the version does not matter", await wire.get("EIO=3&transport=polling&deny"));
    wire.say("the method does", await wire.post(deny, "4x"));
    wire.say("others are taken", (await wire.get(HANDSHAKE)).status);
  });

  script("a refusal with the application's words", { denyWith: "you shall not pass: ä" }, async (wire) => {
    wire.say("polling", await wire.get(deny));
  });

  script("the application is asked for handshakes only", { denyWith: "" }, async (wire) => {
    const session = await wire.session();
    wire.say("post", await wire.post(`${session.query}&deny=1`, "4x"));
    wire.say("poll", await wire.get(`${session.query}&deny=1`));
    const socket = await wire.socket(`EIO=4&transport=websocket&sid=${session.sid}&deny=1`);
    socket.send("2probe");
    wire.say("upgrade", await socket.receive());
  });

  for (const [title, denyWith] of [["", ""], [" with its words", "nobody: ä"]]) {
    script(`a WebSocket that the application refuses${title}`, { denyWith }, async (wire) => {
      const query = "EIO=4&transport=websocket&deny=1";
      const { connection, answer } = await wire.exchange(`GET ${query}`, upgradeLines());
      wire.say("answer", answer);
      wire.say("and closed", await connection.end());
    });
  }
});
