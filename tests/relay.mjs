// A line that a test can cut: TCP connections to a server, through a port of their own.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

// A relay to the server at `url`; what it gives can be connected to in its place.
export async function startRelay({ url }) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
  const listener = createServer((near) => {
    if (!whole) return near.resetAndDestroy();
    const far = connect(port, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy()).pipe(other);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1').unref(); // no reason to go on when the tests have ended
  await once(listener, 'listening');
  const { port: own } = listener.address();
  return {
    url: `http://127.0.0.1:${own}`,
    port: own,
    // Ends what is open without a word of the protocol, by a reset or a plain end of the stream, and
    // refuses what comes, until it is mended.
    cut({ reset = false } = {}) {
      whole = false;
      for (const socket of open) reset ? socket.resetAndDestroy() : socket.destroy();
    },
    // What is open stays so, and nothing comes through any more: who is there does not notice. What is
    // opened afterwards works.
    silence() {
      for (const socket of open) socket.unpipe().resume();
    },
    mend() {
      whole = true;
    },
  };
}
