// A TCP relay between a client and the server, to take their connection away without a word.
import { createServer, connect } from "node:net";
import { once } from "node:events";

/** A relay to `server`; what it gives can be connected to in its place. */
export async function relay(server) {
  const open = new Set();
  const listener = createServer((near) => {
    const far = connect(server.port, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => (open.delete(from), to.destroy()));
      from.pipe(to);
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    /** Ends every connection, as a reset or as a plain end of the stream, and takes no other. */
    cut({ reset = false } = {}) {
      listener.close();
      for (const socket of open) reset ? socket.resetAndDestroy() : socket.destroy();
    },
  };
}
