// A crowd over HTTPS, and slow bodies of the largest size beside it, in the memory of a small board.

import { connect as connectTo } from 'node:net';
import { connect } from 'node:tls';
import { Call } from '../faults/call.mjs';
import { memoryGroup } from '../faults/cgroup.mjs';
import { ONE_ADDRESS, startParlor } from '../faults/parlor.mjs';
import { frame, Line, polling, post, upgrade } from '../faults/raw.mjs';
import { MB, row } from './table.mjs';

const CROWD = 5000, AT_ONCE = 50, BODIES = 64;
const PAYLOAD = 128 * 1024;
const BOUND = 64 * 2 ** 20; // bytes, as `MemoryMax` of systemd/parlor.service

/** One client over TLS, in the main namespace. */
async function joined(port) {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const line = new Line(socket);
  socket.write(upgrade());
  await line.head();
  await line.frame();
  line.write(frame('40'));
  await line.frame();
  return line;
}

/** A connection from one of a few addresses: no one of them is to have all of what bodies may take. */
const from = (number, port) => new Line(connectTo({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (number % 16)}` }));

export async function bodies() {
  const group = memoryGroup(BOUND);
  const flags = [...ONE_ADDRESS, `--max-connections=${CROWD + 500}`, '--ping-interval=10m'];
  const server = await startParlor(flags, { before: group?.before });
  const crowd = [];
  try {
    const call = await Call.begin(server, { pace: 20 });
    const begin = server.resident();
    while (crowd.length < CROWD) {
      crowd.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => joined(server.port)))));
    }
    const seated = server.resident();
    const sids = await Promise.all(Array.from({ length: BODIES }, () => polling(server.port)));
    const held = sids.map((sid, at) => {
      const whole = post(sid, `6${'x'.repeat(PAYLOAD - 1)}`);
      return [from(at, server.port).write(whole.subarray(0, -1)), whole.subarray(-1)];
    });
    // Whoever is asked next has everything behind it that was sent before.
    await Promise.all(held.map(([{ socket }]) => new Promise((resolve) => socket.write('', resolve))));
    (await joined(server.port)).close();
    const full = server.resident();
    const statuses = await Promise.all(held.map(async ([line, last]) => (await line.write(last).head()).status));
    // All bodies together may have three quarters of the budget.
    const [taken, refused] = [200, 503].map((wanted) => statuses.filter((status) => status === wanted).length);
    const relayed = await call.end();
    const peak = Math.max(server.peak(), full); // the kernel counts VmHWM in coarse steps
    const charged = group?.peak();
    return [
      row('resident at first', MB(begin)),
      row(`with ${CROWD} clients over TLS`, `${MB(seated)}, ${Math.round((seated - begin) / CROWD)} bytes each`),
      row(`with ${BODIES} bodies of ${PAYLOAD} bytes on their way beside them`, MB(full)),
      row('resident at its peak', `${MB(peak)} (bound: ${MB(BOUND)})`, peak > BOUND),
      group
        ? row('with what the kernel holds for them, at its peak', `${MB(charged)} (limit: ${MB(BOUND)})`, charged > BOUND)
        : row('with what the kernel holds for them', 'not measured: that takes root'),
      row('bodies that were taken in the end', `${taken} of ${BODIES}, the others refused`, !taken || taken + refused !== BODIES),
      row('candidates of the call beside it', `${relayed.join(' and ')}, none lost`),
    ];
  } finally {
    for (const line of crowd) line.close();
    await server.stop();
    group?.remove();
  }
}
