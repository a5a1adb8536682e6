// The wire of a reference server: all headers, connections by hand, and every id by its name.
//
// Transcripts are compared as they are, but for what differs from run to run: an id that the
// server made appears as `<sid 1>`, numbered in the order in which the script met it, so that the
// same id in two places is seen to be the same.
import { connect } from "node:net";
import { patiently } from "./patience.mjs";
import { Polling, Wire } from "./wire.mjs";

/** The stack's own business: how long a connection is kept, and how a body is delimited. */
const OF_THE_STACK = new Set(["connection", "date", "keep-alive", "transfer-encoding"]);
const SID = /^[\w-]{20}$/;
const IDS = /"(sid|pid)":"([^"]*)"/g;

export class Probe extends Wire {
  /** `base` is the engine's path; `number` tells the namespaces of this script from others. */
  constructor(server, base, number) {
    super(server);
    this.base = base;
    this.number = number;
    this.known = new Map();
    this.counts = {};
  }

  path(query) {
    return query.startsWith("/") ? query : `${this.base}?${query}`;
  }

  /** A dynamic namespace that no other script uses: rooms and ack ids of its own. */
  namespace(which = 0, kind = "dyn") {
    const name = `/${kind}-${this.number}${which}`;
    this.known.set(name, `/${kind}-<${which}>`);
    return name;
  }

  /** From now on `value` is written as `<kind N>`; gives `value`. */
  know(kind, value) {
    if (this.known.has(value)) return value;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const odd = kind === "sid" && !SID.test(value) ? `, which is ${JSON.stringify(value)}` : "";
    this.known.set(value, `<${kind} ${this.counts[kind]}${odd}>`);
    return value;
  }

  /** Learns the ids in `value` and writes them by name. */
  plain(value) {
    const text = JSON.stringify(value);
    for (const [, kind, id] of text.replaceAll("\\", "").matchAll(IDS)) this.know(kind, id);
    let named = text;
    // The longest first: one may be the beginning of another.
    const known = [...this.known].sort(([one], [other]) => other.length - one.length);
    for (const [id, name] of known) {
      named = named.replaceAll(JSON.stringify(id).slice(1, -1), JSON.stringify(name).slice(1, -1));
    }
    return JSON.parse(named);
  }

  say(what, value) {
    this.transcript.push(this.plain({ [what]: value }));
  }

  /**
   * All of them; a length only where the body is the protocol's and is sent as it is. (To a 204
   * HTTP allows none, RFC 9110 section 8.6; the official server gives one, 0, all the same.)
   */
  headers({ statusCode, headers }) {
    const counts = statusCode === 200 && !headers["content-encoding"];
    return Object.fromEntries(
      Object.entries(headers).filter(
        ([name]) => !OF_THE_STACK.has(name) && (counts || name !== "content-length"),
      ),
    );
  }

  /** A polling session; `more` goes into the query of its handshake. */
  async session(more = "") {
    const { body } = await this.get(`EIO=4&transport=polling${more}`);
    const [open] = body.split("\u001e");
    return new Polling(this, this.know("sid", JSON.parse(open.slice(1)).sid));
  }

  /** A polling session whose CONNECT to `namespace` has been answered. */
  async joined(namespace = "/") {
    const session = await this.session();
    await session.post(packet("0", namespace));
    const [answer] = await session.poll();
    session.id = this.know("sid", JSON.parse(answer.slice(answer.indexOf("{"))).sid);
    return session;
  }

  /** A WebSocket whose open packet has been received. */
  async opened(query = "EIO=4&transport=websocket") {
    const socket = await this.socket(query);
    const open = await socket.receive();
    socket.sid = this.know("sid", JSON.parse(open.slice(1)).sid);
    return socket;
  }

  /**
   * A WebSocket that has joined `namespace`. Its `event` sends an event there (with an ack id, if
   * one is given), and `id` is the public id.
   */
  async member(namespace = "/", auth) {
    return this.join(await this.opened(), namespace, auth);
  }

  /** Joins one more namespace on a WebSocket. */
  async join(socket, namespace = "/", auth) {
    socket.send(packet("0", namespace, auth));
    const answer = await socket.receive();
    const { sid, pid } = JSON.parse(answer.slice(answer.indexOf("{")));
    socket.id = this.know("sid", sid);
    if (pid !== undefined) socket.pid = this.know("pid", pid);
    socket.event = (event, ack = "") => socket.send(packet("2", namespace, event, ack));
    /** Sends an event and receives up to its ack, which comes last. */
    socket.ask = (event, ack) => {
      socket.event(event, ack);
      const start = packet("3", namespace, undefined, ack);
      return socket.receiveUntil((frame) => String(frame).startsWith(`${start}[`));
    };
    return socket;
  }

  /**
   * A member of the room `watchers` of `namespace`, which answers pings by itself. `gone` gives what
   * it is told of the end of a socket: `[event, reason, rooms]`, twice.
   */
  async watcher(namespace = "/") {
    const socket = await this.opened();
    socket.on("message", (data) => data.toString() === "2" && socket.send("3"));
    await this.join(socket, namespace);
    await socket.ask(["watch"], 0);
    const told = new Map();
    socket.gone = async (id) => {
      while ((told.get(id) ?? []).length < 2) {
        const frame = await socket.receive();
        if (frame.closed) throw new Error(`the watcher was closed: ${JSON.stringify(frame)}`);
        const start = packet("2", namespace, ["gone"]).slice(0, -1);
        if (!String(frame).startsWith(start)) continue;
        const [who, event, reason, rooms] = JSON.parse(`[${frame.slice(start.length + 1)}`);
        told.set(who, [...(told.get(who) ?? []), [event, reason, rooms]]);
      }
      return told.get(id);
    };
    return socket;
  }

  /**
   * A connection by hand. `answer` gives the next response on it; `end` what comes after that
   * until the server has closed.
   */
  connection() {
    const socket = connect(this.server.port, new URL(this.server.url).hostname);
    this.open.push({ terminate: () => socket.destroy() });
    let came = Buffer.alloc(0);
    let closed = false;
    let wake = () => {};
    socket.on("data", (data) => ((came = Buffer.concat([came, data])), wake()));
    socket.on("error", () => {});
    socket.on("close", () => ((closed = true), wake()));
    const until = async (ready) => {
      for (;;) {
        const found = ready();
        if (found !== undefined) return found;
        await new Promise((resolve) => (wake = resolve));
      }
    };
    return {
      send: (bytes) => new Promise((resolve) => socket.write(bytes, resolve)),
      answer: () =>
        patiently(
          until(() => {
            const parsed = response(came, closed);
            if (!parsed) return closed ? { dropped: true } : undefined;
            came = parsed.rest;
            return { ...parsed.answer, headers: this.headers(parsed.answer) };
          }),
          "response",
        ).then(({ statusCode, ...answer }) => answer),
      /** Waits until what came matches, and gives the first group. */
      has: (pattern) => patiently(until(() => pattern.exec(came.toString("latin1"))?.[1]), `${pattern}`),
      end: () => patiently(until(() => (closed ? came.toString() : undefined)), "end of a connection"),
      destroy: () => socket.destroy(),
    };
  }

  /** One request by hand, `headers` as lines, on a connection that is closed after it. */
  async exchange(start, headers = [], body = "") {
    const connection = this.connection();
    const [method, query] = start.split(" ");
    const head = [`${method} ${this.path(query ?? "")} HTTP/1.1`, "Host: localhost", ...headers];
    await connection.send(`${head.join("\r\n")}\r\n\r\n${body}`);
    const answer = await connection.answer();
    return { connection, answer };
  }
}

/** The next response in `bytes`, if it is whole. */
function response(bytes, closed) {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const [status, ...lines] = bytes.subarray(0, head).toString("latin1").split("\r\n");
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line);
    const key = name.toLowerCase();
    headers[key] = key in headers ? [headers[key], value].flat() : value;
  }
  const [, version, code, words] = /^(HTTP\/\S+) (\d+) ?(.*)$/.exec(status);
  const rest = bytes.subarray(head + 4);
  const found = (body, size) => ({
    answer: { status: `${version} ${code} ${words}`, statusCode: Number(code), headers, body },
    rest: rest.subarray(size),
  });
  const length = headers["content-length"];
  if (["101", "204", "304"].includes(code)) return found("", 0);
  if (length !== undefined) {
    return rest.length < length ? undefined : found(rest.subarray(0, length).toString(), Number(length));
  }
  return closed ? found(rest.toString(), rest.length) : undefined;
}

/** A Socket.IO packet inside its message: `42/a,1["x"]`. */
export function packet(type, namespace, data, ack = "") {
  const where = namespace === "/" ? "" : `${namespace},`;
  return `4${type}${where}${ack}${data === undefined ? "" : JSON.stringify(data)}`;
}

/** The headers of an upgrade request as lines, but for those that are `without`. */
export const upgradeLines = (...without) =>
  [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ].filter((line) => !without.some((name) => line.startsWith(name)));
