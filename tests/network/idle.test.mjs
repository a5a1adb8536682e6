// What an idle server costs a small board: how often it wakes.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, Network } from './network.mjs';
import { browse, startAvahi, startParlor } from './programs.mjs';

const WINDOW = 20; // s

let net, kitchen, parlor;
before(async () => {
  net = await Network.make();
  kitchen = await net.host('kitchen-pi');
  const laptop = await net.host('laptop');
  const avahi = await startAvahi(laptop);
  const found = browse(laptop, '_https._tcp');
  parlor = await startParlor(kitchen);
  await found.says(/^=;eth0;IPv4;/m);
  await Promise.all([found, avahi].map((program) => program.stop())); // now nobody asks anything
});
after(() => net?.close());

// How often its threads have given up the processor by themselves, which is how often they woke.
function wakings() {
  const tasks = `/proc/${parlor.child.pid}/task`;
  const counts = readdirSync(tasks).map((task) => /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`${tasks}/${task}/status`, 'utf8'))[1]);
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

test('with HTTPS, a name and no clients it wakes once a second at most', async (t) => {
  // Time that passes is what is measured here, so it is waited for.
  const during = async (seconds) => {
    const before = wakings();
    await pause(seconds * 1000);
    return wakings() - before;
  };
  await eventually('its announcements are over', async () => await during(2) <= 4);
  const woken = await during(WINDOW);
  t.diagnostic(`${woken} times in ${WINDOW} s`);
  assert.ok(woken <= WINDOW, `${woken} times in ${WINDOW} s`);
});
