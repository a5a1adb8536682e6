// The reference servers without Socket.IO: `eio4`, `eio3` and `engineio-client`.
import { attach } from "engine.io";
import { denying } from "./options.mjs";

/** How an engine ends: its sessions first, then the listener. */
const closing = (http, engine) => (done) => (engine.close(), http.close(done));

/** Every message back in its own kind. */
export function eio4(http, options) {
  const engine = attach(http, { pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 1e6, ...options });
  engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  return closing(http, engine);
}

/** The same for clients of version 3 as well. */
export const eio3 = (http, options) => eio4(http, { allowEIO3: true, ...options });

/** What the tests of the official engine.io-client expect. */
export function engineClient(http, options) {
  const engine = attach(http, {
    pingInterval: 500,
    maxHttpBufferSize: 100,
    allowRequest: denying(""),
    ...options,
  });
  engine.on("initial_headers", (headers) => {
    headers["Set-Cookie"] = [
      "1=1; Max-Age=86400",
      "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
      "3=3; Max-Age=0",
      `4=4; Expires=${new Date().toUTCString()}`,
    ];
  });
  engine.on("connection", (socket) => {
    socket.send("hi");
    socket.on("message", (data) => {
      if (data === "give binary") socket.send(Buffer.from([0, 1, 2, 3, 4]));
      else if (data === "give utf8") socket.send("пойду спать всем спокойной ночи");
      // While a post is handled, the transport holds its request.
      else if (data === "sendHeaders") {
        const { headers } = socket.transport.dataReq ?? socket.request;
        socket.send(JSON.stringify(headers));
      } else socket.send(data);
    });
  });
  return closing(http, engine);
}
