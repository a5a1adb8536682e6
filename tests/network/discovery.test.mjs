// Found by name: what avahi on another host sees of Parlor, and what of that stays true when the
// network changes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, Network } from './network.mjs';
import { browse, curl, fetchAuthority, Onlooker, PORT, resolve, settings, startAvahi, startParlor } from './programs.mjs';

const CHANGE = 30_000; // ms until a new address must be announced

let net, kitchen, study, laptop, onlooker;
before(async () => {
  net = await Network.make();
  [kitchen, study, laptop] = [await net.host('kitchen-pi'), await net.host('study-pi'), await net.host('laptop')];
  onlooker = new Onlooker(laptop);
});
after(() => net?.close());

const named = (label) => `https://${label}.local:${PORT}`;
const at = (host) => `https://${host.address}:${PORT}`;

test('another host finds both services, and both kinds of address by the name', async (t) => {
  await onlooker.meets(t, kitchen);
  for (const type of ['_https._tcp', '_http._tcp']) {
    const found = browse(laptop, type);
    for (const version of ['IPv4', 'IPv6']) {
      const [, host, port, text] = await found.says(
        new RegExp(`^=;eth0;${version};Parlor\\\\032on\\\\032kitchen-pi;${type};local;([^;]*);[^;]*;([^;]*);(.*)$`, 'm'),
      );
      assert.deepEqual([host, port, text], ['parlor.local', `${PORT}`, '"path=/"']);
    }
    await found.stop();
  }
  assert.equal(await resolve(laptop, 'parlor.local', 4), kitchen.address);
  assert.equal(await resolve(laptop, 'parlor.local', 6), kitchen.address6);
});

test('what is printed can be opened from another host, by name and by address, and the certificate is for it', async (t) => {
  const parlor = await onlooker.meets(t, kitchen);
  const authority = await fetchAuthority(laptop, kitchen);
  const printed = [...parlor.output.matchAll(/^ {2}(https:\S+)\/$/gm)].map(([, url]) => url);
  assert.deepEqual(printed, [named('parlor'), at(kitchen), `https://[${kitchen.address6}]:${PORT}`]);
  for (const url of printed) {
    const { names, addresses } = await settings(laptop, url, authority);
    assert.deepEqual([...names, ...addresses], printed);
  }
});

test('who stops says goodbye, and is forgotten at once', async (t) => {
  await onlooker.leaves(await onlooker.meets(t, kitchen), kitchen);
  assert.equal(await resolve(laptop, 'parlor.local', 4), undefined);
});

test('of two servers with one name the second takes another, and its addresses and certificate follow', async (t) => {
  await onlooker.meets(t, kitchen);
  const second = await onlooker.meets(t, study);
  const [, open] = await second.says(/addresses have changed .*open="([^"]*)/);
  assert.deepEqual(open.split(' ').slice(0, 2), [named('parlor-2'), at(study)]);
  const authority = await fetchAuthority(laptop, study);
  const page = await settings(laptop, named('parlor-2'), authority);
  assert.deepEqual(page.names, [named('parlor-2')]);
  assert.equal(await resolve(laptop, 'parlor-2.local', 4), study.address);
  // The first has lost nothing.
  assert.equal(await resolve(laptop, 'parlor.local', 4), kitchen.address);
  assert.deepEqual((await settings(laptop, named('parlor'), await fetchAuthority(laptop, kitchen))).names, [named('parlor')]);
});

test('two servers that start together do not share a name', async (t) => {
  await onlooker.meets(t, kitchen, study);
  const names = await eventually('each has told its name, and is found by it', async () => {
    const told = [];
    for (const host of [kitchen, study]) {
      const [name] = JSON.parse(await curl(laptop, `http://${host.address}:${PORT}/config.json`)).names;
      if (await resolve(laptop, new URL(name).hostname, 4) === host.address) told.push(name);
    }
    return told.length === 2 && told;
  });
  assert.deepEqual(names.sort(), [named('parlor-2'), named('parlor')]);
});

test('an address that changes is announced, printed and covered by the certificate, without a restart', async (t) => {
  const parlor = await onlooker.meets(t, kitchen);
  const authority = await fetchAuthority(laptop, kitchen);
  const now = '192.168.77.77';
  t.after(async () => {
    await kitchen.removeAddress(`${now}/24`);
    await kitchen.addAddress(`${kitchen.address}/24`);
  });
  parlor.mark();
  const since = Date.now();
  await kitchen.removeAddress(`${kitchen.address}/24`);
  await kitchen.addAddress(`${now}/24`);
  await parlor.says(new RegExp(`addresses have changed .*https://${now}:${PORT}`), CHANGE);
  await eventually('the new address', async () => await resolve(laptop, 'parlor.local', 4) === now, CHANGE - (Date.now() - since));
  const { addresses } = await settings(laptop, `https://${now}:${PORT}`, authority);
  assert.equal(addresses[0], `https://${now}:${PORT}`);
  await settings(laptop, named('parlor'), authority);
});

test('a cable that is pulled and put back, with a new address from another network between, changes nothing in the end', async (t) => {
  const parlor = await onlooker.meets(t, kitchen);
  parlor.mark();
  await kitchen.unplug();
  await kitchen.removeAddress(`${kitchen.address}/24`); // as a DHCP client does
  await parlor.says(/addresses have changed /, CHANGE);
  await kitchen.plugIn();
  await kitchen.addAddress(`${kitchen.address}/24`);
  parlor.mark();
  await parlor.says(new RegExp(`addresses have changed .*${at(kitchen)}`), CHANGE);
  await eventually('the name is found again', async () => await resolve(laptop, 'parlor.local', 4) === kitchen.address);
});

test('a cable that is pulled for a moment: who comes to the network after that finds the name', async (t) => {
  await onlooker.meets(t, kitchen);
  await kitchen.unplug();
  await kitchen.plugIn();
  await startAvahi(study); // it knows nothing yet, and must be answered
  await eventually('the name is found', async () => await resolve(study, 'parlor.local', 4) === kitchen.address);
});

// A host on a second network of the server's, as containers and virtual machines are.
async function container(t, device) {
  const inside = await Network.make();
  t.after(() => inside.close());
  const guest = await inside.host('container');
  await guest.addAddress('172.17.0.2/16');
  await inside.plugInto(kitchen, device, ['172.17.0.1/16']);
  t.after(() => kitchen.run('ip', ['link', 'delete', device]));
  await startAvahi(guest);
  return guest;
}

// All that is announced to a host: it asks, and waits for as long as answers may take.
const heard = (host) => host.run('avahi-browse', ['--parsable', '--terminate', '--no-db-lookup', '_https._tcp']);

test('containers beside the server hear nothing of it, and are in no address', async (t) => {
  const guest = await container(t, 'docker0');
  const parlor = await onlooker.meets(t, kitchen);
  assert.doesNotMatch(parlor.output, /172\.17/);
  assert.equal(await heard(guest), '');
  assert.equal(await resolve(guest, 'parlor.local', 4), undefined);
  assert.equal(await resolve(laptop, 'parlor.local', 4), kitchen.address);
});

test('the interface that is named is announced on, and no other', async (t) => {
  const guest = await container(t, 'docker0');
  const parlor = await startParlor(kitchen, { args: ['--mdns-interface', 'docker0'] });
  t.after(() => parlor.stop());
  await eventually('the name is found there', async () => await resolve(guest, 'parlor.local', 4) === '172.17.0.1');
  assert.match(await heard(guest), /Parlor\\032on\\032kitchen-pi/);
  assert.equal(await heard(laptop), '');
});
