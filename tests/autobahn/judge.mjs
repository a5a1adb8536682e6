// What Autobahn found: counts by its own words, every case that is not simply OK, and the exit code.
//
//   node judge.mjs REPORTS     the folder that wstest wrote into
//
// A failed case is an error, and so is any that is not among those expected here: of a text that is
// not UTF-8 the suite would rather hear at its first wrong byte than at the end of the frame or message
// that it is in (6.4), and it gives no mark for what an echo does with a close code that nobody may send,
// or after a close frame.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXPECTED = {
  'NON-STRICT': ['6.4.1', '6.4.2', '6.4.3', '6.4.4'],
  INFORMATIONAL: ['7.1.6', '7.13.1', '7.13.2'],
};
const CASES = 301; // fewer were not all of them

const [cases] = Object.values(JSON.parse(readFileSync(join(process.argv[2], 'index.json'), 'utf8')));
const counts = {};
let wrong = 0;
for (const [id, { behavior, behaviorClose }] of Object.entries(cases)) {
  counts[behavior] = (counts[behavior] ?? 0) + 1;
  const fine = behavior === 'OK' || EXPECTED[behavior]?.includes(id);
  if (fine && ['OK', 'INFORMATIONAL'].includes(behaviorClose)) continue;
  console.log(`case ${id}: ${behavior}, its end: ${behaviorClose}`);
  wrong += 1;
}
const total = Object.keys(cases).length;
console.log(`${total} cases: ${Object.entries(counts).map(([word, count]) => `${count} ${word}`).join(', ')}`);
process.exit(wrong || total < CASES ? 1 : 0);
