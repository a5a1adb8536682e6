// On a network, by emulation: it asks the kernel about interfaces (netlink) through qemu, too.
//
// Left out: that it is seen there. The user mode of qemu up to 7.2 at least does not know the options by
// which a program chooses where a multicast goes (IP_MULTICAST_IF, IPV6_MULTICAST_IF), so no announcement
// leaves it. tests/network has all that with the binary of this machine.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Network } from '../network/network.mjs';
import { curl, startParlor } from '../network/programs.mjs';

let net, board, laptop;
before(async () => {
  net = await Network.make();
  [board, laptop] = [await net.host('arm-board'), await net.host('laptop')];
});
after(() => net?.close());

test('it names its addresses, can be opened at each, and ends where it cannot be announced', async () => {
  const parlor = await startParlor(board);
  for (const address of [board.address, `[${board.address6}]`]) {
    const url = `https://${address}:4000/`;
    assert.ok(parlor.output.includes(`\n  ${url}\n`), parlor.output);
    // Its certificate is another test's.
    assert.equal(await curl(laptop, `${url}healthz`, ['--insecure', '--globoff']), 'ok\n');
  }
  assert.equal(await parlor.stop(), 0, parlor.output);
});
