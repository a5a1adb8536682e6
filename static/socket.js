// The page's own small Socket.IO client: Engine.IO 4 and Socket.IO 5, main namespace, no binary.
//
// Stands between the browser's WebSocket (or fetch, for long-polling) and chat.js. WebSocket
// first; if none can be had, the same attempt goes on by polling, and so do the next ones for a
// while (Safari refuses a WebSocket where it lets a page pass whose certificate it does not
// trust). A lost connection comes back by itself with exponential back-off and jitter. What is
// emitted while the connection is down is dropped on purpose: the room forgot us, so chat.js joins
// again on `connect`.
//
// Invariant: `link` is the one live attempt. Every callback holds its own and does nothing once
// it is no longer `#link`: no attempt can outlive, double or disturb the next one.
//
// Events: connect, disconnect(reason), connect_error(error; `data` if the server gave a reason), and
// whatever the server emits.

const GIVEN_UP = 4000; // a close code: not goodbye, so the server keeps what a seat key belongs to
const RS = '\x1e'; // joins the packets of a polling payload
const FIRST_DELAY = 300, LONGEST_DELAY = 5000, OPEN_TIMEOUT = 5000, ACK_TIMEOUT = 5000; // ms
const WITHOUT_WEBSOCKET = 15 * 60 * 1000; // ms until one is tried again after polling alone has worked

export class Socket {
  connected = false;
  #options; #listeners = {}; #acks = new Map(); #ackId = 0;
  #wanted = false; #link = null; #tries = 0; #retry;
  #pollUntil = 0; // no WebSocket was to be had: reconnecting is quicker without trying

  // polling: never try WebSocket. path: where the server answers. auth: what is shown to it, as it
  // stands when connecting.
  constructor(options = {}) {
    this.#options = { polling: false, path: '/socket.io/', auth: {}, ...options };
  }

  on(name, listener) {
    (this.#listeners[name] ??= []).push(listener);
    return this;
  }

  // Sends at once, or not at all (false) while there is no connection. A function as the last
  // argument is called with the server's acknowledgement.
  emit(name, ...args) {
    if (!this.connected) return false;
    let id = '';
    if (typeof args.at(-1) === 'function') this.#acks.set(id = this.#ackId++, args.pop());
    this.#link.send(`42${id}${JSON.stringify([name, ...args])}`);
    return true;
  }

  // The same for what somebody waits for. A server that is there acknowledges it soon; if none does,
  // the line is dead, which shows by itself only when a heartbeat is missed, and another one is made.
  emitSurely(...event) {
    const link = this.#link;
    const timer = setTimeout(() => this.#link === link && this.#drop('ping timeout'), ACK_TIMEOUT);
    const sent = this.emit(...event, () => clearTimeout(timer));
    if (!sent) clearTimeout(timer);
    return sent;
  }

  open() {
    if (this.#wanted) return;
    this.#wanted = true;
    addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
    this.#connect();
  }

  // Final until open() is called again.
  close() {
    if (!this.#wanted) return;
    this.#wanted = false;
    removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
    clearTimeout(this.#retry);
    this.#drop('io client disconnect', true);
  }

  // The network or the person is back: no reason to sit out the delay, nor to trust a line over the
  // network of before, or one that died while the machine slept (timers stand still then, the clock
  // does not).
  #hurry = ({ type }) => {
    if (Date.now() > this.#link?.until) this.#drop('ping timeout');
    else if (type === 'online' && this.#link) this.#drop('transport close');
    if (!this.#link && !document.hidden) this.#connect();
  };

  #connect() {
    clearTimeout(this.#retry);
    this.#attempt(this.#options.polling || Date.now() < this.#pollUntil ? byPolling : byWebSocket);
  }

  #attempt(transport, fallback = false) {
    const url = new URL(`${this.#options.path}?EIO=4&transport=`, location.origin).href;
    const link = this.#link = { opened: false, fallback };
    const lost = (error) => {
      if (this.#link !== link) return;
      if (link.opened || transport === byPolling) return this.#drop('transport close', false, error);
      this.#end(link); // no WebSocket to be had here
      this.#attempt(byPolling, true);
    };
    const guard = (act) => (value) => {
      try {
        if (this.#link === link) act(value);
      } catch (error) {
        lost(error); // not the protocol, or a transport the browser refuses
      }
    };
    link.watch = (ms) => {
      clearTimeout(link.timer);
      link.until = Date.now() + ms;
      link.timer = setTimeout(lost, ms, Error('timeout'));
    };
    link.watch(OPEN_TIMEOUT);
    guard(() => transport(url, link, guard((packet) => this.#receive(link, packet)), lost))();
  }

  #receive(link, packet) {
    const body = packet.slice(1);
    switch (packet[0]) {
      case '0': {
        const { sid, pingInterval, pingTimeout } = JSON.parse(body);
        Object.assign(link, { opened: true, sid, patience: pingInterval + pingTimeout });
        if (link.fallback) this.#pollUntil = Date.now() + WITHOUT_WEBSOCKET;
        link.send(`40${JSON.stringify(this.#options.auth)}`);
        return link.watch(link.patience);
      }
      case '1': return this.#drop('transport close');
      case '2': // the server's heartbeat: silence for longer than this means a dead line
        link.send('3');
        return link.watch(link.patience);
      case '4': return this.#message(link, body);
    }
  }

  #message(link, text) {
    const [, type, id, json] = /^(\d)(\d*)(.*)$/s.exec(text) ?? [];
    const data = json ? JSON.parse(json) : [];
    if (type === '0') {
      this.connected = true;
      this.#tries = 0;
      this.#fire('connect');
    } else if (type === '1') {
      this.#tries = 9; // sent away: come back, but not soon
      this.#drop('io server disconnect');
    } else if (type === '2') {
      const answer = (...args) => this.#link === link && link.send(`43${id}${JSON.stringify(args)}`);
      this.#fire(...data, ...(id ? [answer] : []));
    } else if (type === '3') {
      this.#acks.get(+id)?.(...data);
      this.#acks.delete(+id);
    } else if (type === '4') {
      this.#drop('connect error', false, Object.assign(Error(data.message), { data: data.data }));
    }
  }

  // Ends the attempt; while the connection is wanted, the next one follows after a delay.
  #drop(reason, polite = false, error = Error(reason)) {
    if (this.#link) this.#end(this.#link, polite);
    this.#link = null;
    this.#acks.clear();
    const was = this.connected;
    this.connected = false;
    if (this.#wanted) {
      const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#tries++);
      this.#retry = setTimeout(() => this.#connect(), delay * (0.5 + Math.random()));
    }
    if (was) this.#fire('disconnect', reason);
    else if (this.#wanted) this.#fire('connect_error', error);
  }

  #end(link, polite) {
    clearTimeout(link.timer);
    if (this.#link === link) this.#link = null;
    link.stop?.(polite && link.opened);
  }

  #fire(name, ...args) {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(...args);
      } catch (error) {
        reportError(error); // a listener's fault is no reason to lose the line
      }
    }
  }
}

// Transports: fill in link.send and link.stop, hand packets to receive, say when it is lost.

function byWebSocket(url, link, receive, lost) {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}websocket`);
  ws.onmessage = ({ data }) => receive(data);
  ws.onclose = ({ code }) => lost(Error(`closed with ${code}`));
  link.send = (packet) => ws.readyState === 1 && ws.send(packet);
  link.stop = (polite) => {
    if (polite) link.send('41');
    ws.onclose = null;
    ws.close(polite ? 1000 : GIVEN_UP);
  };
}

function byPolling(url, link, receive, lost) {
  const abort = new AbortController(), { signal } = abort;
  let queue = [], posting = false, stopped = false;
  const ask = async (options) => {
    const sid = link.sid ? `&sid=${link.sid}` : '';
    const answer = await fetch(`${url}polling${sid}`, { cache: 'no-store', ...options });
    if (!answer.ok) throw Error(`HTTP ${answer.status}`);
    return answer.text();
  };
  const poll = async () => { // one poll at a time
    while (!stopped) for (const packet of (await ask({ signal })).split(RS)) receive(packet);
  };
  const post = async () => { // one post at a time; what comes meanwhile goes together
    posting = true;
    while (queue.length) {
      const body = queue.join(RS);
      queue = [];
      await ask({ method: 'POST', body, signal });
    }
    posting = false;
  };
  link.send = (packet) => {
    queue.push(packet);
    if (!posting) post().catch(lost);
  };
  link.stop = (polite) => {
    stopped = true;
    if (!polite) return abort.abort();
    // keepalive: this one must arrive even when the page is going away. The poll is let go of behind it,
    // since a poll that breaks off first would be a lost line.
    const body = [...queue, '41', '1'].join(RS);
    ask({ method: 'POST', body, keepalive: true }).catch(() => {}).then(() => abort.abort());
  };
  poll().catch(lost);
}
