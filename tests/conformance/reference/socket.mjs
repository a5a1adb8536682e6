// The small reference servers of Socket.IO: `sio5` and `interop`.
import { Server } from "socket.io";

/** The ack that an event asks for, taken off its arguments, or something that does nothing. */
export const takeAck = (args) => (typeof args.at(-1) === "function" ? args.pop() : () => {});

export const closing = (io) => (done) => io.close(done);

/** Two namespaces that tell the auth, and an echo. */
export function sio5(http, options) {
  const io = new Server(http, {
    pingInterval: 300,
    pingTimeout: 200,
    maxHttpBufferSize: 1e6,
    connectTimeout: 1000,
    ...options,
  });
  io.on("connection", (socket) => {
    socket.emit("auth", socket.handshake.auth);
    socket.on("message", (...args) => {
      takeAck(args);
      socket.emit("message-back", ...args);
    });
    socket.on("message-with-ack", (...args) => takeAck(args)(...args));
  });
  io.of("/custom").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
  return closing(io);
}

/** What clients of several versions and languages talk to. */
export function interop(http, options) {
  const io = new Server(http, options);
  const serve = (socket) => {
    socket.emit("hello", { you: socket.handshake.auth });
    socket.on("echo", (...args) => {
      const ack = takeAck(args);
      socket.emit("echo", ...args);
      ack(...args);
    });
    socket.on("bin", (bytes, ack) => {
      ack?.(bytes);
      socket.emit("bin", bytes);
    });
    socket.on("kick", () => socket.disconnect());
    socket.on("ackme", () => socket.emit("question", 42, (answer) => socket.emit("answer", answer)));
  };
  io.on("connection", serve);
  io.of("/custom").on("connection", serve);
  io.of("/deny").use((socket, next) => next(Object.assign(new Error("denied"), { data: { code: 7 } })));
  return closing(io);
}
