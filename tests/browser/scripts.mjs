// Cameras and microphones as tests need them: scripts that run in the page before its own, and
// stand in for what a person, a device or an address would do.

// getUserMedia fails with this error while one of `kinds` is asked for, until `allowed` is true.
export const failingCamera = (name, kinds = ['audio', 'video']) => `
  {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) => !window.allowed && ${JSON.stringify(kinds)}.some((kind) => wanted[kind])
      ? Promise.reject(new DOMException('as the test wants it', ${JSON.stringify(name)}))
      : real(wanted);
  }`;

// A device that only has this kind ('audioinput' | 'videoinput').
export const onlyHas = (kind) => `
  {
    const devices = navigator.mediaDevices;
    const real = devices.getUserMedia.bind(devices), list = devices.enumerateDevices.bind(devices);
    const missing = ${JSON.stringify(kind)} === 'audioinput' ? 'video' : 'audio';
    devices.enumerateDevices = async () => (await list()).filter((device) => device.kind === ${JSON.stringify(kind)});
    devices.getUserMedia = (wanted) => wanted[missing]
      ? Promise.reject(new DOMException('as the test wants it', 'NotFoundError'))
      : real(wanted);
  }`;

// The prompt stays open until the test calls `answerPrompt()` in the page.
export const openPrompt = () => `
  {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const answered = new Promise((resolve) => { window.answerPrompt = resolve; });
    navigator.mediaDevices.getUserMedia = async (wanted) => (await answered, real(wanted));
  }`;

// What the other person answers is taken only after `takeAnswers()`, which waits until that is done.
export const slowAnswers = () => `
  {
    const real = RTCPeerConnection.prototype.setRemoteDescription;
    const held = [];
    const released = new Promise((resolve) => {
      window.takeAnswers = () => (resolve(), Promise.allSettled(held));
    });
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      window.answers = (window.answers ?? 0) + 1;
      const done = released.then(() => real.call(this, description));
      held.push(done);
      return done;
    };
  }`;

// All that a screen reader was told, in order, in `announced`.
export const heardAloud = () => `
  window.announced = [];
  addEventListener('DOMContentLoaded', () => {
    const announcer = document.querySelector('#announcer');
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) window.announced.push(...[...addedNodes].map((node) => node.textContent));
    }).observe(announcer, { childList: true });
  });`;

// An address the browser does not trust: http:// and not this machine.
export const insecurePage = () => `
  Object.defineProperty(window, 'isSecureContext', { value: false });
  Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
  Object.defineProperty(navigator, 'clipboard', { value: undefined });`;

// Counts what the page opens: peer connections, and keeps the newest within reach.
export const watchedCalls = () => `
  window.peerConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      window.peerConnections.push(this);
    }
  };`;

// What the server tells about itself, instead of what it would; `asked` counts how often.
export const toldByServer = (config) => `
  {
    const ask = window.fetch.bind(window), told = ${JSON.stringify(JSON.stringify({ iceServers: [], ...config }))};
    window.asked = 0;
    window.fetch = (path, ...rest) => {
      if (path !== '/config.json') return ask(path, ...rest);
      window.asked += 1;
      return Promise.resolve(new Response(told));
    };
  }`;

// What the server said, by event: `told` has the names in order.
export const heardEvents = () => `
  window.told = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        const found = /^42\\["([^"]+)"/.exec(data);
        if (found) window.told.push(found[1]);
      });
    }
  };`;

// A tab's memory of its own, as a duplicated tab has that of the first one.
export const withSeatKey = (key) => `sessionStorage.setItem('parlor.seat', ${JSON.stringify(key)});`;

// Counts the locks that keep the screen on, and lets the test take them away as a browser does.
export const watchedScreen = () => `
  {
    const locks = window.screenLocks = new Set();
    Object.defineProperty(navigator, 'wakeLock', { value: {
      async request() {
        const lock = new EventTarget();
        lock.release = async () => {
          if (locks.delete(lock)) lock.dispatchEvent(new Event('release'));
        };
        locks.add(lock);
        return lock;
      },
    } });
  }`;
