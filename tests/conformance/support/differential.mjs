// The differential tests: the reference servers of ours and of the official packages, on the wire.
import { deviations } from "../differential/deviations.mjs";
import { compare } from "./compare.mjs";
import { Probe } from "./probe.mjs";

/** Most scripts wait for the other side; the processors are few. */
const AT_ONCE = 8;
/** No script ends by a heartbeat unless it is about one: some profiles have half a second. */
const CALM = { pingInterval: 25_000, pingTimeout: 20_000 };
const ENGINE = "/engine.io/";
const BASES = { eio4: ENGINE, eio3: ENGINE, "engineio-client": ENGINE };

/**
 * `script(title, options?, run)`: the options are the official ones, laid over the profile's; one
 * that is `undefined` leaves the profile's own.
 */
export function differential(title, profile, define) {
  const numbers = new Map();
  compare(
    title,
    (script) => {
      define((name, ...rest) => {
        const run = rest.pop();
        const [options = {}] = rest;
        numbers.set(name, numbers.size + 1);
        script(name, [profile, "--options", JSON.stringify({ ...CALM, ...options })], run);
      });
    },
    {
      pair: "reference",
      wireTo: (server, name) => new Probe(server, BASES[profile] ?? "/socket.io/", numbers.get(name)),
      deviations,
      concurrency: AT_ONCE,
    },
  );
}
