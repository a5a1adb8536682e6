// Runs the scripts of a wire test against every server and compares what they say.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { deviations as roomDeviations } from "../deviations.mjs";
import { PAIRS, pool, targets } from "./server.mjs";
import { Wire } from "./wire.mjs";

const TEST_MS = 30_000;

/** The servers that this file has started, by name: one for each set of flags, until its end. */
const pools = {};
after(() => Promise.all(Object.values(pools).map((servers) => servers.stop())));

/**
 * `define(script)` lists the scripts: `script(title, flags?, run)`. The control's transcript is
 * what Parlor's must be, unless `deviations` has the title with Parlor's own and the reason.
 * A deviation that is `unsteady` is one where the control's own answer changes from run to run.
 * `concurrency` is how many scripts run at once.
 */
export function compare(
  title,
  define,
  { pair = "room", wireTo = (server) => new Wire(server), deviations = roomDeviations, concurrency = 1 } = {},
) {
  describe(title, { concurrency }, () => {
    const names = targets(pair);
    for (const name of names) pools[name] ??= pool(name);
    define((script, ...rest) => {
      const run = rest.pop();
      const [flags = []] = rest;
      test(script, { timeout: TEST_MS }, async () => {
        const said = {};
        for (const name of names) {
          const wire = wireTo(await pools[name].get(flags), script);
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
        const [control, ours] = PAIRS[pair];
        judge(script, said[control], said[ours], deviations[script]);
      });
    });
  });
}

/** One step a line. */
const print = (transcript = []) => transcript.map((step) => `\n  ${JSON.stringify(step)}`).join("");

function judge(script, control, parlor, deviation) {
  if (process.env.PARLOR_TRANSCRIPTS) {
    console.log(`${script}\n the control:${print(control)}\n Parlor:${print(parlor)}`);
  }
  for (const transcript of [control, parlor]) {
    assert.ok(transcript === undefined || transcript.length > 0, "a script says something");
  }
  if (!parlor) return;
  if (!deviation) {
    if (control) assert.deepEqual(parlor, control);
    return;
  }
  assert.ok(deviation.reason, "a deviation has a reason");
  assert.deepEqual(parlor, deviation.expected, deviation.reason);
  if (control && !deviation.unsteady) assert.notDeepEqual(parlor, control, "no deviation any more: take it off the list");
}
