// The profile `wire`; its contract stands at the top of reference-control.mjs.
import { Server } from "socket.io";
import { closing, takeAck } from "./socket.mjs";

const PIXELS = Buffer.from([0, 1, 254, 255]);
const WATCHERS = "watchers";

export function wire(http, options) {
  const io = new Server(http, options);
  io.engine.on("initial_headers", (headers) => (headers["x-first"] = "1"));
  io.engine.on("headers", (headers) => (headers["x-every"] = "1"));

  /** What waits for `release`, by key. */
  const waiting = new Map();
  io.on("connection", (socket) => {
    serve(socket);
    answer(socket, "release", (key) => {
      waiting.get(key)?.();
      waiting.delete(key);
    });
  });

  // In version 2 the auth comes as a query, so it is text.
  const denied = ({ handshake }, which) => String(handshake.auth.deny) === which;
  const refuse = (socket, which, next) => next(denied(socket, which) ? new Error("nope") : undefined);
  io.of(/^\/dyn-\d+$/)
    .on("connection", serve)
    .use((socket, next) => refuse(socket, "1", next));
  io.of((name, auth, decide) =>
    setImmediate(() => decide(null, name.startsWith("/gate-") && auth?.pass === 1)),
  ).on("connection", serve);
  const published = io.of(/^\/pub-\d+$/);
  published.on("connection", (socket) => {
    serve(socket);
    answer(socket, "publish", (...args) => void published.emit("published", ...args));
  });

  io.of("/mw")
    .use((socket, next) => {
      if (denied(socket, "2")) next(Object.assign(new Error("nope"), { data: { code: 7 } }));
      else refuse(socket, "1", next);
    })
    .use((socket, next) => {
      const { room } = socket.handshake.auth;
      if (room) socket.join(room);
      refuse(socket, "3", next);
    })
    .on("connection", serve);
  io.of("/slow")
    .use((socket, next) => waiting.set(socket.handshake.auth.key, next))
    .on("connection", (socket) => {
      io.to(WATCHERS).emit("slow", socket.handshake.auth.key);
      serve(socket);
    });
  return closing(io);
}

/** Listens to `event`; what `handle` returns, if anything, are the arguments of the ack. */
function answer(socket, event, handle) {
  socket.on(event, (...args) => {
    const ack = takeAck(args);
    ack(...(handle(...args) ?? []));
  });
}

const roomsOf = ({ rooms, id }) => [...rooms].filter((room) => room !== id).sort();

function serve(socket) {
  const { nsp } = socket;
  const among = (rooms = []) => (rooms.length ? nsp.to(rooms) : nsp);
  const membership = () => [roomsOf(socket), socket.rooms.has(socket.id)];

  if (socket.handshake.auth.greet) socket.emit("hello", "first");
  if (socket.recovered) socket.emit("recovered", roomsOf(socket), socket.data);

  answer(socket, "join", (rooms) => (socket.join(rooms), membership()));
  answer(socket, "leave", (room) => (socket.leave(room), membership()));
  answer(socket, "cast", ({ to = [], except = [], all, volatile, local }, ...event) => {
    let operator = all ? nsp : socket.broadcast;
    if (to.length) operator = operator.to(to);
    if (except.length) operator = operator.except(except);
    if (volatile) operator = operator.volatile;
    if (local) operator = operator.local;
    operator.emit(...event);
  });
  answer(socket, "volatile", (count) => {
    for (let n = 1; n <= count; n += 1) socket.volatile.emit("v", n);
  });
  answer(socket, "mixed", (bytes) => {
    socket.emit("kept");
    socket.volatile.emit("lost", bytes);
    socket.emit("kept");
  });
  answer(socket, "ask", ({ ms }, ...question) => {
    const report = (error, ...reply) => socket.emit("answered", error?.message ?? null, ...reply);
    if (ms === undefined) socket.emit("question", ...question, (...reply) => report(null, ...reply));
    else socket.timeout(ms).emit("question", ...question, report);
  });
  answer(socket, "askAll", ({ to, ms }, ...question) => {
    among(to)
      .timeout(ms)
      .emit("question", ...question, (error, replies) =>
        socket.emit("answers", error?.message ?? null, replies),
      );
  });
  socket.on("twice", (ack) => (ack(1), ack(2)));
  answer(socket, "picture", () => {
    socket.emit("picture", PIXELS, { name: "dot", parts: [1, PIXELS, Buffer.alloc(0)] });
  });
  answer(socket, "big", (length, compress) => {
    socket.compress(compress !== false).emit("big", "x".repeat(length));
  });
  answer(socket, "set", (key, value) => void (socket.data[key] = value));
  answer(socket, "get", (key) => [socket.data[key] ?? null]);
  answer(socket, "auth", () => [socket.handshake.auth]);
  socket.on("end", (close, room) => {
    socket.emit("bye");
    socket.disconnect(close === true);
    if (room) socket.join(room);
  });
  socket.on("endAll", (rooms, close, ack) => {
    ack?.();
    among(rooms).disconnectSockets(close === true);
  });
  answer(socket, "move", (rooms, join, leave) => {
    among(rooms).socketsJoin(join);
    for (const room of leave) among(rooms).socketsLeave(room);
  });
  socket.on("fetch", async (rooms, ack) => {
    const found = await among(rooms).fetchSockets();
    const lists = found.map(roomsOf).map((list) => JSON.stringify(list));
    ack(found.length, lists.sort().map((list) => JSON.parse(list)));
  });
  answer(socket, "watch", () => void socket.join(WATCHERS));

  socket.onAny((event, ...args) => {
    // An event without a name has none here, or its ack.
    if (event === undefined || typeof event === "function" || socket.listenerCount(event)) return;
    const ack = takeAck(args);
    socket.emit("any", String(event), ...args);
    ack(...args);
  });
  for (const event of ["disconnecting", "disconnect"]) {
    socket.on(event, (reason) => {
      socket.to(WATCHERS).emit("gone", socket.id, event, reason, roomsOf(socket));
    });
  }
}
