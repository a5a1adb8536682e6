// Starts the servers under test: controls (on the official server) and ours.
//
// Four pairs: the room server, PARLOR_BIN, with its control; the crate as a library, which is the
// examples `socketio_server`, PARLOR_LIBRARY_BIN, and `reference`, PARLOR_REFERENCE_BIN, each with
// another; and profile `interop` of the latter for the tests of that name. All are child processes
// that are started with the same flags as their control and print their address as the first line
// that looks like one; the suite knows nothing else about them. Which run is chosen by
// PARLOR_CONFORMANCE: `both` (default), `control` or `parlor`.
import { fork, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const START_MS = 20_000;

/** The suite is one busy address; these keep Parlor's limits for one address out of its way. */
const UNLIMITED = [
  ["--max-connections-per-address", "4000"],
  ["--max-handshake-rate", "100000"],
  ["--max-event-rate", "100000"],
].flat();

/** A binary of ours, which must have been built. */
function built(path, variable, command) {
  const file = process.env[variable] ?? here(path);
  if (existsSync(file)) return file;
  throw new Error(`there is no ${file}: build it with \`${command}\`, or name one in ${variable}`);
}

const BUILT = "../../../target";
const reference = () => [
  built(
    `${BUILT}/debug/examples/reference`,
    "PARLOR_REFERENCE_BIN",
    "cargo build --example reference",
  ),
];
const COMMANDS = {
  control: () => [process.execPath, here("../control.mjs"), ...UNLIMITED],
  parlor: () => [
    built(`${BUILT}/release/parlor`, "PARLOR_BIN", "cargo build --release"),
    ...UNLIMITED,
  ],
  "library control": () => [process.execPath, here("../library-control.mjs")],
  library: () => [
    built(
      `${BUILT}/debug/examples/socketio_server`,
      "PARLOR_LIBRARY_BIN",
      "cargo build --example socketio_server",
    ),
  ],
  "reference control": () => [process.execPath, here("../reference-control.mjs")],
  reference: () => [
    ...reference(),
    // The official server has these files with it.
    ...["--client-files", here("../node_modules/socket.io/client-dist")],
  ],
  "interop control": () => [...COMMANDS["reference control"](), "interop"],
  interop: () => [...reference(), "interop"],
};

/** The servers of a pair: its control first. */
export const PAIRS = {
  room: ["control", "parlor"],
  library: ["library control", "library"],
  reference: ["reference control", "reference"],
  interop: ["interop control", "interop"],
};
/** The reference servers are told a port alone. */
const TAKES_PORT = new Set([...PAIRS.reference, ...PAIRS.interop]);

/** The names of the servers of a pair that this run covers. */
export function targets(pair = "room") {
  const choice = process.env.PARLOR_CONFORMANCE ?? "both";
  const [control, ours] = PAIRS[pair];
  const names = { both: [control, ours], control: [control], parlor: [ours] }[choice];
  if (!names) throw new Error(`PARLOR_CONFORMANCE=${choice}: use both, control or parlor`);
  return names;
}

/**
 * Starts `target` with further `flags`, and resolves once it accepts connections.
 * `listen` is for a restart on a port that was used before.
 */
export async function start(target, flags = [], listen = "127.0.0.1:0") {
  const [command, ...args] = COMMANDS[target]();
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("PARLOR_")),
  );
  // The room server keeps its certificate there, and not in the developer's home.
  const state = mkdtempSync(join(tmpdir(), "parlor-state-"));
  delete environment.STATE_DIRECTORY;
  environment.XDG_STATE_HOME = state;
  const where = TAKES_PORT.has(target) ? ["--port", listen.split(":").at(-1)] : ["--listen", listen];
  const child = spawn(command, [...args, ...where, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  // All that it printed is here by then.
  const exited = new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => resolve({ error }));
  });
  exited.then(() => rmSync(state, { recursive: true, force: true }));
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${target} did not start: ${why}\n${log}`));
    const timer = setTimeout(() => fail(`no address within ${START_MS} ms`), START_MS);
    exited.then((how) => (clearTimeout(timer), fail(JSON.stringify(how))));
    lines.on("line", (line) => {
      const [address] = /http:\/\/[^\s/]+:\d+/.exec(line) ?? [];
      if (address) (clearTimeout(timer), resolve(address));
    });
  });
  return {
    target,
    url,
    port: Number(new URL(url).port),
    log: () => log,
    exited,
    /** Stops the server as a service manager does, and tells how it ended. */
    stop() {
      child.kill("SIGTERM");
      child.kill("SIGCONT");
      return exited;
    },
    /** Takes the server off the processor, as a machine that is hung would. */
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
  };
}

/** One server per set of flags, shared by the tests of a file; `stop` ends them all. */
export function pool(target) {
  if (target === "reference control") return hosted();
  const running = new Map();
  return {
    get(flags = []) {
      const key = flags.join(" ");
      if (!running.has(key)) running.set(key, start(target, flags));
      return running.get(key);
    },
    async stop() {
      const started = await Promise.allSettled(running.values());
      await Promise.all(started.map(({ value }) => value?.stop()));
    },
  };
}

/**
 * The same for the official reference servers, which all run in one process: they are many, and
 * each would load the packages again.
 */
function hosted() {
  const running = new Map();
  const asked = [];
  let child;
  const host = () => {
    child = fork(here("../reference/host.mjs"), { execArgv: [] });
    child.on("message", ({ id, url, error }) => {
      if (error) asked[id].reject(new Error(error));
      else asked[id].resolve({ url, port: Number(new URL(url).port) });
    });
    child.once("exit", (code) => {
      for (const { reject } of asked) reject(new Error(`the control's process ended with ${code}`));
    });
    return child;
  };
  const ask = (args) =>
    new Promise((resolve, reject) => {
      const id = asked.push({ resolve, reject }) - 1;
      (child ?? host()).send({ id, args });
    });
  return {
    get(flags) {
      const key = flags.join(" ");
      if (!running.has(key)) running.set(key, ask(flags));
      return running.get(key);
    },
    async stop() {
      child?.disconnect();
    },
  };
}
