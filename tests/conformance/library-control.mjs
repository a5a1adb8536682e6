// The control of the library tests: examples/socketio_server.rs once more, on the official server.
//
// What each event does is said at the top of the example. Both are started with the same flags,
// print their address as the first line on standard output, and stop at SIGTERM.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: flags } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:0" },
    "ping-interval": { type: "string", default: "25000" },
    "ping-timeout": { type: "string", default: "20000" },
  },
});

const PASSWORD = "open sesame";

const http = createServer((request, response) => response.writeHead(404).end());
const io = new Server(http, {
  pingInterval: Number(flags["ping-interval"]),
  pingTimeout: Number(flags["ping-timeout"]),
  serveClient: false,
});

function say(socket, { rooms = [], except = [], echo = false, volatile = false }, args) {
  let broadcast = echo ? socket.nsp : socket.broadcast;
  if (rooms.length) broadcast = broadcast.to(rooms);
  if (except.length) broadcast = broadcast.except(except);
  if (volatile) broadcast = broadcast.volatile;
  broadcast.emit("said", ...args);
}

const roomsOf = (socket) => [...socket.rooms].filter((room) => room !== socket.id).sort();

function serve(socket) {
  const { nsp } = socket;
  socket.on("echo", (...args) => {
    const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
    if (ack) ack(...args);
    else socket.emit("echo", ...args);
  });
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack?.(roomsOf(socket));
  });
  socket.on("leave", (room, ack) => {
    socket.leave(room);
    ack?.(roomsOf(socket));
  });
  socket.on("say", (to, ...args) => {
    const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
    say(socket, to, args);
    ack();
  });
  socket.on("ask", (id, question, milliseconds, ack) => {
    nsp.sockets.get(id)?.timeout(milliseconds).emit("question", question, (error, ...answer) => {
      ack(error ? { error: error.message } : { answer });
    });
  });
  socket.on("picture", () => {
    const pixels = Buffer.from([0, 1, 254, 255]);
    socket.emit("picture", pixels, { name: "dot", parts: [1, pixels, Buffer.alloc(0)] });
  });
  socket.on("weigh", (what, ack) => {
    if (Buffer.isBuffer(what)) ack(null, what.length);
    else ack(what.name, what.bytes.length);
  });
  socket.on("count", (number) => {
    for (let n = 0; n < number; n += 1) socket.emit("number", n);
  });
  socket.on("later", (arg, ack) => setImmediate(() => ack(arg)));
  socket.on("who", (ack) => ack([...nsp.sockets.keys()]));
  socket.on("auth", (ack) => ack(socket.handshake.auth));
  socket.on("kick", () => socket.disconnect());
  socket.on("close", () => socket.disconnect(true));
  socket.on("disconnect", (reason) => nsp.to("watchers").emit("left", socket.id, reason));
}

io.of("/").on("connection", serve);
io.of("/custom").on("connection", serve);
io.of("/members")
  .use((socket, next) => {
    if (socket.handshake.auth.password === PASSWORD) return next();
    const refusal = new Error("members only");
    refusal.data = { code: 401, hint: 'say "open …"' };
    return next(refusal);
  })
  .on("connection", (socket) => {
    socket.emit("welcome", "member");
    serve(socket);
  });

const [, host, port] = /^(.+):(\d+)$/.exec(flags.listen);
http.listen(Number(port), host, () => {
  console.log(`http://${host}:${http.address().port}/`);
});
process.once("SIGTERM", () => {
  io.close(() => process.exit(0));
  http.closeIdleConnections();
});
