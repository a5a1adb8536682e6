// Long trials of the real binary, by name: `scripts/soak` runs it, and says how.

import { parseArgs } from 'node:util';
import { bodies } from './bodies.mjs';
import { churn } from './churn.mjs';
import { handshakes } from './handshakes.mjs';

const SCENARIOS = { churn, bodies, handshakes };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, rate: { type: 'string' } },
});
const settings = {};
for (const [name, text] of Object.entries(values)) {
  settings[name] = Number(text);
  if (Number.isInteger(settings[name]) && settings[name] > 0) continue;
  console.error(`--${name} ${text}: a whole number above 0`);
  process.exit(2);
}
const names = positionals.length ? positionals : Object.keys(SCENARIOS);
for (const name of names) {
  if (name in SCENARIOS) continue;
  console.error(`there is no ${name}: ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(2);
}

let broken = 0;
for (const name of names) {
  console.log(`\n| ${name} | |\n|---|---|`);
  for (const { what, value, failed } of await SCENARIOS[name](settings)) {
    console.log(`| ${what} | ${value}${failed ? ' **over its bound**' : ''} |`);
    if (failed) broken += 1;
  }
}
process.exit(broken ? 1 : 0);
