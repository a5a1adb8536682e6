// avahi on the same host: both speak mDNS, on one port.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, Network } from './network.mjs';
import { curl, Onlooker, parlorCommand, PORT, resolve, startAvahi, startParlor } from './programs.mjs';

let net, kitchen, laptop, onlooker;
before(async () => {
  net = await Network.make();
  [kitchen, laptop] = [await net.host('kitchen-pi'), await net.host('laptop')];
  onlooker = new Onlooker(laptop);
});
after(() => net?.close());

const found = (on, name) => eventually(`${name} is found`, async () => await resolve(on, name, 4) === kitchen.address);

test('both are found by their names, from another host and from this one', async (t) => {
  const avahi = await startAvahi(kitchen);
  t.after(() => avahi.stop());
  await onlooker.meets(t, kitchen);
  for (const host of [laptop, kitchen]) {
    await found(host, 'parlor.local');
    await found(host, 'kitchen-pi.local');
  }
  assert.doesNotMatch(avahi.output, /conflict/i);
});

test('an avahi that comes later changes nothing', async (t) => {
  await onlooker.meets(t, kitchen);
  const avahi = await startAvahi(kitchen);
  t.after(() => avahi.stop());
  for (const host of [laptop, kitchen]) {
    await found(host, 'kitchen-pi.local');
    await found(host, 'parlor.local');
  }
});

test('where avahi wants the port for itself there is a warning and no name, until avahi is gone', async (t) => {
  const avahi = await startAvahi(kitchen, { settings: ['disallow-other-stacks=yes'] });
  const parlor = await startParlor(kitchen);
  t.after(() => parlor.stop());
  await parlor.says(/WARN .*cannot be found by name/);
  const page = JSON.parse(await curl(laptop, `http://${kitchen.address}:${PORT}/config.json`));
  assert.deepEqual([page.names, page.addresses[0]], [[], `https://${kitchen.address}:${PORT}`]);
  const doctor = await parlorCommand(kitchen, parlor.home, ['doctor'], { status: 1 });
  assert.match(doctor, /^problem +avahi .*disallow-other-stacks/m);
  assert.match(doctor, /^problem +name /m);
  await avahi.stop();
  await found(laptop, 'parlor.local');
  assert.equal(parlor.output.match(/cannot be found by name/g).length, 1, 'it is said once');
});
