// Ten thousand handshakes that lead to nothing, many at a time, in little memory.

import { eventually } from '../network/network.mjs';
import { Call } from '../faults/call.mjs';
import { handshakes as make, KINDS } from '../faults/hostile/handshakes.mjs';
import { ONE_ADDRESS, startParlor } from '../faults/parlor.mjs';
import { MB, row } from './table.mjs';

const COUNT = 10_000;
const LIMIT = 64 * 2 ** 20; // bytes of data that the process may have (RLIMIT_DATA)

export async function handshakes() {
  const rows = [];
  for (const atOnce of [100, 1000, 4000]) {
    const server = await startParlor(ONE_ADDRESS, { before: ['prlimit', `--data=${LIMIT}`] });
    try {
      const files = server.files();
      const call = await Call.begin(server);
      const crowd = await make(server.port, COUNT, atOnce);
      const peak = server.peak();
      crowd.close();
      await eventually('they are let go of', () => server.files() <= files + 2);
      const relayed = await call.end();
      rows.push(row(
        `${COUNT} of ${Object.keys(KINDS).length} kinds, ${atOnce} at a time`,
        `${MB(peak)} at the peak (bound: ${MB(LIMIT)}); ${relayed.join(' and ')} candidates of the call beside them, none lost`,
        peak > LIMIT,
      ));
    } finally {
      await server.stop();
    }
  }
  return rows;
}
