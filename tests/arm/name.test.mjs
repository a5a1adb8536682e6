// Its name in the network, by emulation: what it asks the kernel about interfaces (netlink) and how it
// joins groups go through qemu, too. tests/network has all else about names.

import { after, before, test } from 'node:test';
import { Network } from '../network/network.mjs';
import { Onlooker } from '../network/programs.mjs';

let net, board, laptop;
before(async () => {
  net = await Network.make();
  [board, laptop] = [await net.host('arm-board'), await net.host('laptop')];
});
after(() => net?.close());

test('another machine sees it come, and go', async (t) => {
  const onlooker = new Onlooker(laptop);
  const parlor = await onlooker.meets(t, board);
  await onlooker.leaves(parlor, board);
});
