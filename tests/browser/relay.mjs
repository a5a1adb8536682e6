// A line that a test can cut: TCP connections to a server, through a port of their own.

import { connect, createServer } from 'node:net';

// `cut()` resets what is open, without a word to either side, and refuses what comes, until `mend()`.
export async function startRelay(t, url) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
  const relay = createServer((near) => {
    if (!whole) return near.resetAndDestroy();
    const far = connect(port, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => {}).pipe(other);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    whole = false;
    for (const socket of open) socket.resetAndDestroy();
  };
  t.after(() => {
    cut();
    relay.close();
  });
  return { url: `http://127.0.0.1:${relay.address().port}`, cut, mend: () => { whole = true; } };
}
