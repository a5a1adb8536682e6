// The client's files that a server of Socket.IO may serve under its path.
import { differential } from "../support/differential.mjs";

const FILES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
const ETAG = '"4.8.4"';
/**
 * An answer without what is the file's own: its bytes. How it is delimited is the stack's business,
 * and that it varies by its encoding is a script of its own.
 */
async function served(wire, name, options = {}) {
  const answer = await wire.request(options.method ?? "GET", `/socket.io/${name}`, {
    ...options,
    decode: (bytes) => (bytes.length ? "a file" : ""),
  });
  const { "content-length": _, vary = "", ...headers } = answer.headers;
  const others = vary.split(", ").filter((name) => name && name !== "Accept-Encoding");
  return { ...answer, headers: { ...headers, ...(others.length && { vary: others.join(", ") }) } };
}

differential("differential: files of the client", "sio5", (script) => {
  for (const name of FILES.flatMap((file) => [file, `${file}.map`])) {
    script(`the file ${name}`, async (wire) => {
      wire.say("GET", await served(wire, name));
      wire.say("with a query", (await served(wire, `${name}?v=1&EIO=4`)).status);
    });
  }

  script("other names are the engine's, other paths nobody's", async (wire) => {
    for (const path of ["/socket.io/socket.io.slim.js", "/socket.io/socket.io.js/", "/socket.io/x/socket.io.js",
      "/socket.io/SOCKET.IO.JS", "/socket.io/..%2fpackage.json", "/socket.io/socket.io.js%00", "/socket.io.js",
      "/socket.io/__proto__", "/socket.io/"]) {
      const { status, body } = await wire.get(path);
      wire.say(path, { status, ...(status !== 404 && { body }) });
    }
  });

  script("a file that the client has already", async (wire) => {
    for (const tag of [ETAG, `W/${ETAG}`, '"4.8.3"', `${ETAG}, "x"`, `"x", ${ETAG}`, "*", "4.8.4", `w/${ETAG}`]) {
      const { status, headers, body } = await served(wire, "socket.io.min.js", { headers: { "if-none-match": tag } });
      wire.say(tag, { status, headers, body });
    }
  });

  for (const accepted of ["br, gzip, deflate", "gzip, br", "gzip", "deflate", "gzip;q=0.1, br;q=0", "identity", "*"]) {
    script(`a file in the encoding for "${accepted}"`, async (wire) => {
      wire.say("GET", await served(wire, "socket.io.min.js", { headers: { "accept-encoding": accepted } }));
    });
  }

  script("what a file varies by", async (wire) => {
    const { headers } = await wire.get("/socket.io/socket.io.min.js", { decode: () => "" });
    wire.say("vary", headers.vary ?? "nothing");
  });

  script("a file by any method", async (wire) => {
    for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
      wire.say(method, await served(wire, "socket.io.min.js", { method }));
    }
  });

  script("a file for another site", { cors: { origin: ["https://site.example"] } }, async (wire) => {
    const headers = { origin: "https://site.example" };
    wire.say("GET", await served(wire, "socket.io.min.js", { headers }));
    wire.say("from another", (await served(wire, "socket.io.min.js", { headers: { origin: "https://x.example" } })).headers);
    wire.say("304", await served(wire, "socket.io.min.js", { headers: { ...headers, "if-none-match": ETAG } }));
    wire.say("preflight", await served(wire, "socket.io.min.js", {
      method: "OPTIONS",
      headers: { ...headers, "access-control-request-method": "GET" },
    }));
  });

  script("a server that does not serve them", { serveClient: false }, async (wire) => {
    for (const name of FILES) {
      const { status, body } = await wire.get(`/socket.io/${name}`);
      wire.say(name, { status, body });
    }
  });

  script("a path of one's own", { path: "/live" }, async (wire) => {
    wire.say("there", (await wire.get("/live/socket.io.min.js", { decode: () => "" })).status);
    wire.say("not there", (await wire.get("/socket.io/socket.io.min.js", { decode: () => "" })).status);
  });
});
