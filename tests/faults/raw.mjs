// Bytes by hand: requests, WebSocket frames and connections that no client library would make.

import { connect } from 'node:net';

const POLLING = '/socket.io/?EIO=4&transport=polling';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const PATIENCE = 15_000; // ms, for what must come

/** The head of a request, with these lines; `{ host: false }` leaves Host out. */
export function request(method, target, lines = [], { host = 'localhost', version = 'HTTP/1.1' } = {}) {
  const named = host ? [`Host: ${host}`] : [];
  return [`${method} ${target} ${version}`, ...named, ...lines, '', ''].join('\r\n');
}

/** The request of a switch to WebSocket. */
export const upgrade = (query = 'EIO=4&transport=websocket', lines = []) =>
  request('GET', `/socket.io/?${query}`, [
    'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`, ...lines,
  ]);

/** A whole request for one answer. */
export const once = (method, target, lines = []) => request(method, target, ['Connection: close', ...lines]);

/** A POST of a session's, with its body. */
export function post(sid, body, lines = []) {
  const bytes = Buffer.from(body);
  const head = once('POST', `${POLLING}&sid=${sid}`, [`Content-Length: ${bytes.length}`, ...lines]);
  return Buffer.concat([Buffer.from(head), bytes]);
}

const MASK = [0x12, 0x34, 0x56, 0x78];

/**
 * One frame of a client's (RFC 6455 section 5.2). `first` is its first byte, with the opcode; a length
 * that is not the shortest form, or not the truth, may be given in `length`, as `[form, value]`.
 */
export function frame(payload, { first = 0x81, masked = true, length } = {}) {
  const bytes = Buffer.from(payload);
  const [form, value] = length ?? [bytes.length < 126 ? 7 : bytes.length < 65_536 ? 16 : 64, bytes.length];
  const mask = masked ? 0x80 : 0;
  let head;
  if (form === 7) head = Buffer.from([first, mask | Number(value)]);
  else if (form === 16) {
    head = Buffer.from([first, mask | 126, 0, 0]);
    head.writeUInt16BE(Number(value), 2);
  } else {
    head = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(value), 2);
  }
  if (!masked) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, Buffer.from(MASK), bytes.map((byte, at) => byte ^ MASK[at % 4])]);
}

/** A close frame with a code, if there is one, and a reason. */
export function closing(code, reason = '') {
  const payload = Buffer.alloc(code === undefined ? 0 : 2);
  if (code !== undefined) payload.writeUInt16BE(code);
  return frame(Buffer.concat([payload, Buffer.from(reason)]), { first: 0x88 });
}

/** A TCP connection: what came on it so far, and waits for more of it. */
export class Line {
  came = Buffer.alloc(0);
  ended = false;
  #wake = () => {};

  /** To a port of the loopback, or over a socket that is there. */
  constructor(to) {
    this.socket = typeof to === 'number' ? connect(to, '127.0.0.1') : to;
    const { socket } = this;
    socket.on('error', () => {}); // a reset is an end like others
    socket.on('data', (bytes) => {
      this.came = Buffer.concat([this.came, bytes]);
      this.#wake();
    });
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  #end() {
    this.ended = true;
    this.#wake();
  }

  write(bytes) {
    this.socket.write(bytes);
    return this;
  }

  /** Waits until `enough` gives something true of what came, or the connection has ended. */
  async until(enough, what = 'an answer') {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const found = enough(this.came);
      if (found || this.ended) return found;
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${what}: ${this.came.toString('latin1').slice(0, 300)}`)), deadline - Date.now());
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
  }

  /** All of it, when the other end has closed. */
  async end() {
    await this.until(() => false, 'end of the connection');
    return this.came;
  }

  /** Waits for a head of HTTP, and takes it from what came: `{ status, text }`. */
  async head() {
    await this.until((came) => came.includes('\r\n\r\n'), 'head of an answer');
    const at = this.came.indexOf('\r\n\r\n');
    const text = this.came.subarray(0, at < 0 ? undefined : at).toString('latin1');
    this.came = at < 0 ? Buffer.alloc(0) : this.came.subarray(at + 4);
    return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]), text };
  }

  /** The next frame of the server's: `{ first, payload }`; nothing when the connection has ended. */
  async frame() {
    const taken = await this.until(serverFrame, 'frame');
    if (!taken) return undefined;
    this.came = this.came.subarray(taken.bytes);
    return taken;
  }

  /** Closes, politely or by a reset. */
  close({ reset = false } = {}) {
    if (reset) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}

function serverFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let at = 2, length = bytes[1];
  if (length === 126) [at, length] = bytes.length < 4 ? [4, Infinity] : [4, bytes.readUInt16BE(2)];
  else if (length === 127) [at, length] = bytes.length < 10 ? [10, Infinity] : [10, Number(bytes.readBigUInt64BE(2))];
  if (bytes.length < at + length) return undefined;
  return { first: bytes[0], payload: bytes.subarray(at, at + length), bytes: at + length };
}

/** One request, and all of its answer: `{ status, text, body }`; no status if there was none. */
export async function ask(port, bytes) {
  const line = new Line(port).write(bytes);
  const { status, text } = await line.head();
  const body = await line.end();
  line.close();
  return { status, text, body: body.toString() };
}

/** A polling session: its id. */
export async function polling(port) {
  const { body } = await ask(port, once('GET', POLLING));
  return /"sid":"([^"]+)"/.exec(body)[1];
}

/** A WebSocket whose open packet has come. */
export async function websocket(port) {
  const line = new Line(port).write(upgrade());
  const { status, text } = await line.head();
  if (status !== 101) throw new Error(`no WebSocket: ${text}`);
  await line.frame();
  return line;
}

/** The same in the main namespace. */
export async function joined(port) {
  const line = (await websocket(port)).write(frame('40'));
  await line.frame();
  return line;
}

export const poll = (sid) => once('GET', `${POLLING}&sid=${sid}`);
