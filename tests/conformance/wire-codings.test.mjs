// What is compressed, and the static client: bodies whose coding the client chooses.
import { createHash } from "node:crypto";
import { request } from "node:http";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import { compare } from "./support/compare.mjs";

const HEADERS = ["content-type", "content-encoding", "cache-control", "etag"];
const DECODERS = { gzip: gunzipSync, deflate: inflateSync };

// Its default export stands in a folder beside the one with the files for browsers.
const client = dirname(createRequire(import.meta.url).resolve("socket.io-client/dist/socket.io.js"));

/** One request: status, the headers above, and the body with its coding taken off. */
function fetchCoded(wire, path, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    const outgoing = request(wire.server.url + wire.path(path), { method, headers }, (incoming) => {
      const parts = [];
      incoming.on("data", (part) => parts.push(part));
      incoming.on("end", () => {
        const body = Buffer.concat(parts);
        const decode = DECODERS[incoming.headers["content-encoding"]] ?? ((bytes) => bytes);
        const told = HEADERS.filter((name) => name in incoming.headers);
        resolve({
          status: incoming.statusCode,
          headers: Object.fromEntries(told.map((name) => [name, incoming.headers[name]])),
          body: body.length ? decode(body) : body,
        });
      });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

const digest = (answer) => ({
  ...answer,
  body: createHash("sha256").update(answer.body).digest("hex"),
});

compare("compression of polls", (script) => {
  const accepted = {
    "nothing said": {},
    "gzip and more": { "accept-encoding": "gzip, deflate, br" },
    "deflate first": { "accept-encoding": "deflate, gzip" },
    "deflate preferred": { "accept-encoding": "gzip;q=0.5, deflate;q=0.8" },
    "gzip refused": { "accept-encoding": "gzip;q=0, deflate" },
    "both refused": { "accept-encoding": "gzip;q=0, deflate;q=0" },
    "anything": { "accept-encoding": "*" },
    "only brotli": { "accept-encoding": "br" },
    "identity": { "accept-encoding": "identity" },
  };
  for (const [title, headers] of Object.entries(accepted)) {
    for (const [length, size] of [["long", 2000], ["short", 900]]) {
      script(`a ${length} payload, ${title}`, async (wire) => {
        const [first, second] = [await wire.joined(), await wire.joined()];
        const room = `${length} ${title}`;
        await first.sit(room);
        await second.sit(room);
        await first.post(`42["offer","${"x".repeat(size)}","${room}"]`);
        const answer = await fetchCoded(wire, second.query, headers);
        wire.say("poll", { ...answer, body: answer.body.toString() });
      });
    }
  }
});

compare("the static client", (script) => {
  const flags = ["--client-dir", client];
  for (const kind of ["", ".min", ".esm.min", ".msgpack.min"]) {
    for (const end of ["js", "js.map"]) {
      script(`socket.io${kind}.${end}`, flags, async (wire) => {
        const path = `/socket.io/socket.io${kind}.${end}?x=1`;
        wire.say("as it is", digest(await fetchCoded(wire, path)));
        const gzip = { "accept-encoding": "gzip" };
        wire.say("compressed", digest(await fetchCoded(wire, path, gzip)));
        const deflate = { "accept-encoding": "gzip;q=0.1, deflate" };
        wire.say("the other way", digest(await fetchCoded(wire, path, deflate)));
      });
    }
  }

  const path = "/socket.io/socket.io.js";
  const tags = ['"4.8.4"', 'W/"4.8.4"', '"4.8.3"', "*", '"4.8.3", "4.8.4"', "4.8.4"];
  for (const tag of tags) {
    script(`If-None-Match: ${tag}`, flags, async (wire) => {
      const answer = await fetchCoded(wire, path, { "if-none-match": tag });
      wire.say("answer", digest(answer));
    });
  }

  for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
    script(`${method} of a file`, flags, async (wire) => {
      wire.say("answer", digest(await fetchCoded(wire, path, {}, method)));
    });
  }

  script("names that are not the client's", flags, async (wire) => {
    for (const name of ["socket.io.slim.js", "a/socket.io.js", "socket.io.js/", "socket.io.JS"]) {
      wire.say(name, await wire.get(`/socket.io/${name}`));
    }
  });
});
