// What `parlor urls` and `parlor doctor` say beside a server on a real network.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, Network } from './network.mjs';
import { parlorCommand, PORT, resolve, startAvahi, startParlor } from './programs.mjs';

let net, kitchen, laptop, parlor;
before(async () => {
  net = await Network.make();
  [kitchen, laptop] = [await net.host('kitchen-pi'), await net.host('laptop')];
  await startAvahi(laptop);
  parlor = await startParlor(kitchen);
  await eventually('the name is found', () => resolve(laptop, 'parlor.local', 4));
});
after(() => net?.close());

const urls = (port) => [`https://parlor.local:${port}`, `https://${kitchen.address}:${port}`, `https://[${kitchen.address6}]:${port}`, `http://localhost:${port}`];

test('urls tells what the running server can be opened by', async () => {
  const said = await parlorCommand(kitchen, parlor.home, ['urls']);
  assert.deepEqual(said.split('\n').filter((line) => line.startsWith('  ')), urls(PORT).map((url) => `  ${url}/`));
});

test('urls where none runs tells what would be opened, and that none runs', async () => {
  const said = await parlorCommand(kitchen, parlor.home, ['--port', '4400', 'urls']);
  assert.match(said, /not running here on port 4400/);
  assert.deepEqual(said.split('\n').filter((line) => line.startsWith('  ')), urls(4400).map((url) => `  ${url}/`));
});

test('doctor where none runs finds the port free and asks nobody for the name', async () => {
  const said = await parlorCommand(kitchen, parlor.home, ['--port', '4400', 'doctor']);
  assert.match(said, /^ok +port .*free/m);
  assert.match(said, /^ok +name +not asked for/m);
});

test('doctor hears the name on the network and finds no problem', async () => {
  const said = await parlorCommand(kitchen, parlor.home, ['doctor']);
  assert.match(said, /^ok +name +parlor\.local is heard on eth0$/m);
  for (const subject of ['port', 'certificate', 'avahi', 'clock', 'firewall', 'open files', 'state directory']) {
    assert.match(said, new RegExp(`^ok +${subject} `, 'm'));
  }
  assert.doesNotMatch(said, /^problem/m);
});
