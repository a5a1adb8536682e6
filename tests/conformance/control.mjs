// The control: the room contract on the official Socket.IO server.
//
// It is started like Parlor itself (same flags, same first line on standard output, SIGTERM to
// stop), so that the suite runs one script against both and compares. The protocol here is the
// official server's; only the room rules are ours, written as shortly as they can be said:
//
// - a room seats two; `join` is answered with `created`, `joined` or `full`;
// - only who sits in the room may relay into it; others are ignored (an ack says so);
// - the same room joined twice takes one seat; another room leaves the first;
// - whoever stays is the creator; a socket that disconnects leaves, and the other is told;
// - room names are trimmed, 1 to 64 bytes, without control characters: else `room-error`;
// - every event may carry an ack: `{ok:true}` or `{error:{code,message}}`.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: flags } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:0" },
    "ping-interval": { type: "string", default: "25s" },
    "ping-timeout": { type: "string", default: "20s" },
    "max-payload": { type: "string", default: "131072" },
    // The control serves the files of its own package, if any are asked for.
    "client-dir": { type: "string" },
    // Parlor's limits; the control has none, so they are taken and ignored.
    "max-connections": { type: "string" },
    "max-connections-per-address": { type: "string" },
    "max-handshake-rate": { type: "string" },
    "max-event-rate": { type: "string" },
    workers: { type: "string" },
  },
});

const SEATS = 2;
const NAME_BYTES = 64;
const RELAYS_WITH_PAYLOAD = ["offer", "answer", "candidate"];

/** `300ms` or `25s` in milliseconds. */
function milliseconds(text) {
  const [, number, unit] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  if (!number) throw new Error(`${text} is not a duration such as 300ms or 25s`);
  return Number(number) * (unit === "s" ? 1000 : 1);
}

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.answer = { error: { code, message } };
  }
}

/** The trimmed name, or an `invalid-room` refusal. */
function roomName(value) {
  if (typeof value !== "string") throw new Refusal("invalid-room", "The room name must be a text.");
  const name = value.trim();
  const bytes = Buffer.byteLength(name);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (bytes < 1 || bytes > NAME_BYTES || /[\u0000-\u001f\u007f-\u009f]/.test(name)) {
    throw new Refusal(
      "invalid-room",
      `A room name has 1 to ${NAME_BYTES} bytes and no control characters.`,
    );
  }
  return name;
}

/** Room name -> sockets in it, the creator first. */
const rooms = new Map();
const roomOf = (socket) => socket.data.room;

function leave(socket) {
  const name = roomOf(socket);
  if (name === undefined) return;
  const seated = rooms.get(name).filter((other) => other !== socket);
  if (seated.length) rooms.set(name, seated);
  else rooms.delete(name);
  delete socket.data.room;
  for (const other of seated) other.emit("leave");
}

function join(socket, value) {
  const name = roomName(value);
  const seated = rooms.get(name) ?? [];
  if (!seated.includes(socket)) {
    if (seated.length >= SEATS) {
      socket.emit("full");
      throw new Refusal("full", "Two people are in this room already.");
    }
    leave(socket);
    seated.push(socket);
    rooms.set(name, seated);
    socket.data.room = name;
  }
  const role = seated[0] === socket ? "created" : "joined";
  socket.emit(role);
  return { ok: true, role };
}

function relay(socket, event, payload, value) {
  const name = roomName(value);
  if (roomOf(socket) !== name) throw new Refusal("not-in-room", "You are not in this room.");
  for (const other of rooms.get(name)) if (other !== socket) other.emit(event, ...payload);
  return { ok: true };
}

const http = createServer((request, response) => response.writeHead(404).end());
const io = new Server(http, {
  pingInterval: milliseconds(flags["ping-interval"]),
  pingTimeout: milliseconds(flags["ping-timeout"]),
  maxHttpBufferSize: Number(flags["max-payload"]),
  serveClient: flags["client-dir"] !== undefined,
});

io.on("connection", (socket) => {
  const answer = (event, handler) =>
    socket.on(event, (...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
      try {
        ack(handler(...args));
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        const { error } = refusal.answer;
        if (error.code.startsWith("invalid-")) socket.emit("room-error", error);
        ack(refusal.answer);
      }
    });

  answer("join", (room) => join(socket, room));
  answer("ready", (room) => relay(socket, "ready", [], room));
  for (const event of RELAYS_WITH_PAYLOAD) {
    answer(event, (payload, room) => relay(socket, event, [payload], room));
  }
  answer("leave", (room) => {
    if (roomOf(socket) !== roomName(room)) {
      throw new Refusal("not-in-room", "You are not in this room.");
    }
    leave(socket);
    return { ok: true };
  });
  socket.on("disconnect", (reason) => {
    // A call survives a restart of the server: its shutdown tells nobody to hang up.
    if (reason !== "server shutting down") leave(socket);
  });
});

const [, host, port] = /^(.+):(\d+)$/.exec(flags.listen);
http.listen(Number(port), host, () => {
  console.log(`http://${host}:${http.address().port}/`);
});
process.once("SIGTERM", () => {
  io.close(() => process.exit(0));
  http.closeIdleConnections();
});
