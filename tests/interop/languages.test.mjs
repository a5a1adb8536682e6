// Clients of other languages: PyPI's python-socketio and the crate rust_socketio.
//
// Each has a program of its own that is given the address of a server, runs its tests there and
// ends with 0 if all passed. scripts/test installs what they need and names it in
// PARLOR_INTEROP_PYTHON, a Python that has python/requirements.txt, and PARLOR_INTEROP_RUST, what
// Cargo built of rust/.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pool, targets } from "../conformance/support/server.mjs";

/** Watchdog only. */
const TEST_MS = 120_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const PROGRAMS = {
  "python-socketio": {
    command: () => [process.env.PARLOR_INTEROP_PYTHON ?? "python3", here("python/clients.py")],
    environment: {},
    passed: /^OK$/m,
  },
  rust_socketio: {
    command: () => [process.env.PARLOR_INTEROP_RUST ?? here("rust/target/debug/parlor-interop")],
    // It would read all the system's certificates for every connection.
    environment: { SSL_CERT_FILE: "/dev/null" },
    passed: /^ok /m,
  },
};

/** Runs a program to its end, and resolves with how that was and all that it printed. */
function run([command, ...args], environment) {
  const options = { env: { ...process.env, ...environment }, timeout: TEST_MS };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, output, errors) => {
      resolve({ error, printed: `${output}${errors}` });
    });
  });
}

for (const target of targets("interop")) {
  describe(`other languages [${target}]`, { concurrency: true }, () => {
    const servers = pool(target);
    after(() => servers.stop());
    for (const [name, { command, environment, passed }] of Object.entries(PROGRAMS)) {
      test(`${name} does what clients do`, { timeout: TEST_MS }, async () => {
        const { url } = await servers.get();
        const { error, printed } = await run([...command(), url], environment);
        assert.ok(!error, `${error?.message}\n${printed}`);
        assert.match(printed, passed);
      });
    }
  });
}
