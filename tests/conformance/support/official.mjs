// The official client, with what tests need around it: events kept in order, waits that end.
import { io } from "socket.io-client";
import { PATIENCE_MS } from "./patience.mjs";

/** The ways a client may reach the server. `settled` is when a test may begin. */
export const WAYS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"], settle: true },
  "during the upgrade": { transports: ["polling", "websocket"] },
};

/** Resolves with the arguments of the next `event` of an emitter, or fails by the watchdog. */
export function next(emitter, event, what = event) {
  return new Promise((resolve, reject) => {
    const on = (...args) => (clearTimeout(timer), resolve(args));
    const timer = setTimeout(() => {
      emitter.off(event, on);
      reject(new Error(`no ${what} within ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    emitter.once(event, on);
  });
}

/** A connected official client. `got` is every event in order, as `[name, ...args]`. */
export async function connect(server, way, options = {}) {
  const socket = open(server, way, options);
  const engine = socket.io;
  const upgraded = WAYS[way].settle
    ? next(engine, "open").then(() => next(engine.engine, "upgrade"))
    : undefined;
  const connected = next(socket, "connect", `connect over ${way}`);
  socket.connect();
  await Promise.all([connected, upgraded]);
  return socket;
}

/** As `connect`, but not yet connecting: for tests of what happens meanwhile. */
export function open(server, way, { namespace = "/", ...options } = {}) {
  const { transports } = WAYS[way];
  const socket = io(server.url + namespace, {
    transports,
    upgrade: transports.length > 1,
    autoConnect: false,
    forceNew: true,
    reconnection: false,
    ...options,
  });
  socket.got = [];
  const waiting = new Set();
  socket.onAny((...event) => {
    socket.got.push(event);
    for (const check of waiting) check();
  });
  /** Resolves when `count` events (of this name) are in `got`. */
  socket.until = (count, name) =>
    new Promise((resolve, reject) => {
      const matching = () => socket.got.filter((event) => !name || event[0] === name);
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`waited for ${count} ${name ?? "events"}, got ${JSON.stringify(socket.got)}`));
      }, PATIENCE_MS);
      const check = () => {
        if (matching().length < count) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(matching());
      };
      waiting.add(check);
      check();
    });
  /** Emits with an ack and resolves with the answer. */
  socket.ask = (...event) => socket.timeout(PATIENCE_MS).emitWithAck(...event);
  return socket;
}

/** Two clients in one room, the creator first, and what they got so far forgotten. */
export async function couple(server, way, room) {
  const creator = await connect(server, way);
  await creator.ask("join", room);
  const joiner = await connect(server, way);
  await joiner.ask("join", room);
  await Promise.all([creator, joiner].map((socket) => socket.until(1)));
  creator.got.length = joiner.got.length = 0;
  return [creator, joiner];
}

let counter = 0;
/** A room name that no other test uses. */
export const freshRoom = () => `room ${++counter}`;
