// The own camera and microphone: asking for them, what went wrong, switching them on and off.
//
// `Media` always holds one MediaStream, maybe without tracks (receive-only), so that the rest of
// the page never asks whether there is a stream. A device without camera or without microphone
// joins with what it has; a refusal is told to the person, who decides.

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' };

// Why there is no camera or microphone: 'denied' | 'missing' | 'busy' | 'insecure'.
export class MediaProblem extends Error {
  constructor(kind, cause) {
    super(kind, { cause });
    this.kind = kind;
  }
}

const KIND = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
};

async function ask(constraints) {
  if (!navigator.mediaDevices?.getUserMedia) throw new MediaProblem('insecure');
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    // NotReadableError, AbortError: the device is there and somebody else has it
    throw new MediaProblem(KIND[error.name] ?? 'busy', error);
  }
}

// Both, or what the device has of them. One prompt in the ordinary case.
async function askForBoth() {
  try {
    return await ask({ audio: AUDIO, video: VIDEO });
  } catch (problem) {
    if (problem.kind !== 'missing') throw problem;
    const devices = await navigator.mediaDevices.enumerateDevices();
    const has = (kind) => devices.some((device) => device.kind === kind);
    if (has('videoinput') && !has('audioinput')) return ask({ video: VIDEO });
    if (has('audioinput') && !has('videoinput')) return ask({ audio: AUDIO });
    throw problem;
  }
}

export class Media {
  constructor(stream = new MediaStream(), onEnded = () => {}) {
    this.stream = stream;
    this.onEnded = onEnded; // a device was unplugged, or its permission withdrawn
    for (const track of stream.getTracks()) this.#watch(track);
  }

  // Camera and microphone. Rejects with a MediaProblem.
  static async both() {
    return new Media(await askForBoth());
  }

  // For who wants to join without a camera: the microphone if it may be had, else nothing.
  static async withoutCamera() {
    try {
      return new Media(await ask({ audio: AUDIO }));
    } catch {
      return new Media();
    }
  }

  // Asks for one kind ('audio' | 'video') later on. Rejects with a MediaProblem.
  async add(kind) {
    const stream = await ask(kind === 'video' ? { video: VIDEO } : { audio: AUDIO });
    const [track] = stream.getTracks();
    this.stream.addTrack(track);
    this.#watch(track);
    return track;
  }

  track(kind) {
    return this.stream.getTracks().find((track) => track.kind === kind && track.readyState === 'live');
  }

  // 'on' | 'off' | 'none', as the state and the buttons show it.
  get microphone() {
    return status(this.track('audio'));
  }

  get camera() {
    return status(this.track('video'));
  }

  // Returns false if there is no such device.
  toggle(kind) {
    const track = this.track(kind);
    if (track) track.enabled = !track.enabled;
    return Boolean(track);
  }

  stop() {
    this.onEnded = () => {};
    for (const track of this.stream.getTracks()) track.stop();
  }

  #watch(track) {
    track.addEventListener('ended', () => {
      this.stream.removeTrack(track);
      this.onEnded(track.kind);
    });
  }
}

const status = (track) => (track ? (track.enabled ? 'on' : 'off') : 'none');
