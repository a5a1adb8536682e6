// Starts a reference server by its command line.
import { once } from "node:events";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { official } from "./options.mjs";

const HOST = "127.0.0.1";

/**
 * Where each profile is, by file and export: a function that starts it on an HTTP server with
 * options, and gives what closes it.
 */
const PROFILES = {
  eio4: ["engine", "eio4"],
  eio3: ["engine", "eio3"],
  "engineio-client": ["engine", "engineClient"],
  sio5: ["socket", "sio5"],
  interop: ["socket", "interop"],
  "socketio-client": ["client", "client"],
  wire: ["wire", "wire"],
};

/** Resolves with the address, and with what closes the server and then calls back. */
export async function serve(args) {
  const { values: flags, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "0" },
      options: { type: "string", default: "{}" },
      eio3: { type: "boolean", default: false },
    },
  });
  const [name] = positionals;
  if (positionals.length !== 1 || !Object.hasOwn(PROFILES, name)) {
    throw new Error(`one profile, of these: ${Object.keys(PROFILES).join(", ")}`);
  }
  const [file, start] = PROFILES[name];
  const given = { ...(flags.eio3 && { allowEIO3: true }), ...JSON.parse(flags.options) };
  const { [start]: profile } = await import(`./${file}.mjs`);

  const http = createServer((request, response) => response.writeHead(404).end());
  const end = profile(http, official(given));
  http.listen(Number(flags.port), HOST);
  await once(http, "listening");
  return {
    url: `http://${HOST}:${http.address().port}`,
    close(done) {
      end(done);
      http.closeIdleConnections();
    },
  };
}
