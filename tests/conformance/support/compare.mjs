// Runs the scripts of a wire test against every server and compares what they say.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { deviations } from "../deviations.mjs";
import { pool, targets } from "./server.mjs";
import { Wire } from "./wire.mjs";

const TEST_MS = 30_000;

/**
 * `define(script)` lists the scripts: `script(title, flags?, run)`. The control's transcript is
 * what Parlor's must be, unless `deviations.mjs` has the title with Parlor's own and the reason.
 */
export function compare(title, define) {
  describe(title, () => {
    const names = targets();
    const pools = Object.fromEntries(names.map((name) => [name, pool(name)]));
    after(() => Promise.all(Object.values(pools).map((servers) => servers.stop())));
    define((script, ...rest) => {
      const run = rest.pop();
      const [flags = []] = rest;
      test(script, { timeout: TEST_MS }, async () => {
        const said = {};
        for (const name of names) {
          const wire = new Wire(await pools[name].get(flags));
          try {
            await run(wire);
          } catch (error) {
            error.message = `${name}: ${error.message}\nup to there: ${print(wire.transcript)}`;
            throw error;
          } finally {
            wire.close();
          }
          said[name] = wire.transcript;
        }
        judge(script, said);
      });
    });
  });
}

const print = (transcript) => JSON.stringify(transcript, null, 1);

function judge(script, { control, parlor }) {
  if (process.env.PARLOR_TRANSCRIPTS) {
    console.log(script, print({ control, parlor }));
  }
  for (const transcript of [control, parlor]) {
    assert.ok(transcript === undefined || transcript.length > 0, "a script says something");
  }
  if (!parlor) return;
  const deviation = deviations[script];
  if (!deviation) {
    if (control) assert.deepEqual(parlor, control);
    return;
  }
  assert.ok(deviation.reason, "a deviation has a reason");
  assert.deepEqual(parlor, deviation.expected, deviation.reason);
  if (control) assert.notDeepEqual(parlor, control, "no deviation any more: take it off the list");
}
