// The control of the interop tests: profile `interop` of examples/reference once more, on the
// official server. What each event does is said there.
//
// Flags: `--port N` (0 takes a free one), `--eio3`. The first line on standard output is the
// address; SIGTERM stops it.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    eio3: { type: "boolean", default: false },
  },
});

const http = createServer((request, response) => response.writeHead(404).end());
const io = new Server(http, { allowEIO3: flags.eio3, serveClient: false });

function serve(socket) {
  const echo = (name) => (...args) => {
    const answer = typeof args.at(-1) === "function" ? args.pop() : () => {};
    socket.emit(name, ...args);
    answer(...args);
  };
  socket.on("echo", echo("echo"));
  socket.on("bin", echo("bin"));
  socket.on("ackme", () => socket.emit("question", 42, (...args) => socket.emit("answer", ...args)));
  socket.on("kick", () => socket.disconnect());
  socket.emit("hello", { you: socket.handshake.auth });
}

io.of("/").on("connection", serve);
io.of("/custom").on("connection", serve);
io.of("/deny").use((socket, next) => {
  next(Object.assign(new Error("denied"), { data: { code: 7 } }));
});

http.listen(Number(flags.port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});
process.once("SIGTERM", () => {
  io.close(() => process.exit(0));
  http.closeIdleConnections();
});
