// The bare wire: HTTP requests and WebSocket frames as a transcript, without a client library.
//
// A script is `async (wire) => {}`. What it says with `wire.say` is its transcript, in which ids
// are replaced by their shape; the transcripts of two servers are then compared.
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import WebSocket from "ws";
import { patiently } from "./patience.mjs";

const SEPARATOR = "\u001e";
/** The headers that the protocol speaks about; a server may send others (and a length with errors). */
const HEADERS = ["content-type", "content-length", "cache-control", "access-control-allow-origin"];

/**
 * Ids as their shape (`"sid":"<20>"` has twenty characters that are safe in a URL), and code and
 * words of a room error as such: they are each server's own, and of no concern to the wire.
 */
function shape(value) {
  if (typeof value === "string") {
    return value
      .replace(/"sid":"([\w-]*)"/g, (_, id) => `"sid":"<${id.length}>"`)
      .replace(/"code":"[a-z-]+","message":"(?:[^"\\]|\\.)+"/g, '"code":"<code>","message":"<words>"');
  }
  if (Array.isArray(value)) return value.map(shape);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
  }
  return value;
}

/** A header that comes in any order or case of its parameters, in one. */
const settle = (name, value) => (name === "content-type" ? value.toLowerCase() : value);

export class Wire {
  constructor(server) {
    this.server = server;
    this.transcript = [];
    this.agent = new Agent({ keepAlive: true });
    this.open = [];
  }

  say(what, value) {
    this.transcript.push({ [what]: shape(value) });
  }

  close() {
    for (const socket of this.open) socket.terminate();
    this.agent.destroy();
  }

  path(query) {
    if (query.startsWith("/")) return query;
    return `/socket.io/?${query}`;
  }

  /** The headers of an answer that are part of a transcript. */
  headers({ statusCode, headers }) {
    return Object.fromEntries(
      HEADERS.filter((name) => name in headers)
        .filter((name) => statusCode === 200 || name !== "content-length")
        .map((name) => [name, settle(name, headers[name])]),
    );
  }

  /**
   * One HTTP request; resolves with `{status, headers, body}`, or `{dropped: true}`. A body that
   * is no text is made one by `decode`.
   */
  request(method, query, options = {}) {
    const { body, headers = {}, agent = this.agent, signal, chunks, decode = (bytes) => bytes } = options;
    const answer = new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        this.server.url + this.path(query),
        { method, headers, agent, signal },
        (incoming) => {
          const parts = [];
          incoming.on("data", (part) => parts.push(part));
          incoming.on("error", () => resolve({ dropped: true }));
          incoming.on("end", () =>
            resolve({
              status: incoming.statusCode,
              headers: this.headers(incoming),
              ...(incoming.headers.connection === "close" && { connection: "close" }),
              body: decode(Buffer.concat(parts)).toString(),
            }),
          );
        },
      );
      outgoing.on("upgrade", (incoming, socket) => {
        socket.destroy();
        resolve({ status: incoming.statusCode });
      });
      outgoing.on("error", (error) => {
        if (["ECONNRESET", "EPIPE", "ABORT_ERR"].includes(error.code)) resolve({ dropped: true });
        else reject(error);
      });
      for (const chunk of chunks ?? []) outgoing.write(chunk);
      outgoing.end(body);
    });
    return patiently(answer, `answer to ${method} ${query}`);
  }

  get(query, options) {
    return this.request("GET", query, options);
  }

  post(query, body, options = {}) {
    const headers = { "content-type": "text/plain;charset=UTF-8", ...options.headers };
    return this.request("POST", query, { ...options, body, headers });
  }

  /** A polling session: its query, and polls and posts that give the body (or the status). */
  async session() {
    const { body } = await this.get("EIO=4&transport=polling");
    const { sid } = JSON.parse(body.slice(1));
    return new Polling(this, sid);
  }

  /** A polling session that has joined the main namespace. */
  async joined() {
    const session = await this.session();
    await session.post("40");
    await session.poll();
    return session;
  }

  /** A WebSocket; `frames` come out of `receive` one by one, and at last `{closed: code}`. */
  async socket(query = "EIO=4&transport=websocket", options = {}) {
    const socket = new WebSocket(this.server.url.replace("http", "ws") + this.path(query), {
      perMessageDeflate: false,
      ...options,
    });
    this.open.push(socket);
    const frames = [];
    let wake = () => {};
    const add = (frame) => (frames.push(frame), wake());
    socket.on("message", (data, binary) => add(binary ? { binary: [...data] } : data.toString()));
    socket.on("close", (code, reason) => add({ closed: code, reason: reason.toString() }));
    socket.on("error", () => {});
    const settled = new Promise((resolve) => {
      socket.once("open", resolve);
      socket.once("close", resolve);
    });
    await patiently(settled, "opening of a WebSocket");
    socket.receive = () =>
      patiently(
        (async () => {
          while (!frames.length) await new Promise((resolve) => (wake = resolve));
          return frames.shift();
        })(),
        "frame",
      );
    /** Receives up to and with the frame that `last` accepts. */
    socket.receiveUntil = async (last) => {
      const all = [];
      do all.push(await socket.receive());
      while (!last(all.at(-1)) && all.at(-1).closed === undefined);
      return all;
    };
    return socket;
  }

  /**
   * A request by hand that stays unfinished: a poll that waits, or (with `body`) a post that
   * promises more than it sends. `begun` resolves when the server has taken it up, which it says
   * of a post by `100 Continue`; `ended` gives what else came until the connection closed.
   */
  unfinished(query, body) {
    const socket = connect(this.server.port, new URL(this.server.url).hostname);
    const head = [
      `${body === undefined ? "GET" : "POST"} ${this.path(query)} HTTP/1.1`,
      "Host: localhost",
      ...(body === undefined
        ? []
        : ["Content-Type: text/plain", `Content-Length: ${body.length + 10}`, "Expect: 100-continue"]),
    ];
    let came = "";
    const begun = new Promise((resolve) => {
      socket.write(`${head.join("\r\n")}\r\n\r\n`, () => body === undefined && resolve());
      socket.on("data", (data) => {
        came += data;
        if (!came.startsWith("HTTP/1.1 100 Continue\r\n\r\n")) return;
        came = came.slice(came.indexOf("\r\n\r\n") + 4);
        socket.write(body, resolve);
      });
    });
    const ended = new Promise((resolve) => {
      socket.on("error", () => {});
      socket.on("close", () => resolve(came));
    });
    return {
      begun: patiently(begun, "beginning of a request"),
      ended: () => patiently(ended, "end of a connection"),
      giveUp: () => socket.destroy(),
    };
  }

  /** A WebSocket that has joined the main namespace. */
  async joinedSocket() {
    const socket = await this.socket();
    await socket.receive();
    socket.send("40");
    await socket.receive();
    return socket;
  }

  /** A WebSocket that sits in `room`, as the one whom others are seen by. */
  async witness(room) {
    const socket = await this.joinedSocket();
    socket.send(`420["join","${room}"]`);
    await socket.receiveUntil((frame) => String(frame).startsWith("430"));
    return socket;
  }

  /** Waits for a `leave`: shows that a session has been closed, whatever else it says. */
  async seesLeave(witness) {
    const frames = await witness.receiveUntil((frame) => frame === '42["leave"]');
    this.say("the other sees", frames);
  }
}

export class Polling {
  constructor(wire, sid) {
    this.wire = wire;
    this.sid = sid;
    this.query = `EIO=4&transport=polling&sid=${sid}`;
  }

  async poll(options) {
    const { dropped, status, body } = await this.wire.get(this.query, options);
    if (dropped) return "dropped";
    if (status !== 200) return { status, body };
    return body.split(SEPARATOR);
  }

  /**
   * A poll that waits at the server: whoever asks it something twice after that, over connections
   * of their own, is heard later. In an object, because a promise of a promise is one.
   */
  async waiting() {
    const poll = this.poll();
    for (let times = 0; times < 2; times += 1) await this.wire.get("transport=none");
    return { poll };
  }

  /** Polls until `count` packets have come (they may come in one answer or in several). */
  async pollPackets(count) {
    const packets = [];
    while (packets.length < count) {
      const answer = await this.poll();
      if (!Array.isArray(answer)) return [...packets, answer];
      packets.push(...answer);
    }
    return packets;
  }

  async post(body, options) {
    const { dropped, status, body: answer } = await this.wire.post(this.query, body, options);
    if (dropped) return "dropped";
    return status === 200 ? answer : { status, body: answer };
  }

  /** Joins `room`, so that somebody else sees when this session ends. */
  async sit(room) {
    await this.post(`420["join","${room}"]`);
    await this.pollPackets(2);
  }

  /** A second transport for the session. */
  upgrade() {
    return this.wire.socket(`EIO=4&transport=websocket&sid=${this.sid}`);
  }
}

/** Packets in one payload. */
export const payload = (...packets) => packets.join(SEPARATOR);
