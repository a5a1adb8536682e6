// A soft chime: two notes up when somebody joins, two down when the call is lost.
//
// Made with WebAudio, so there is no sound file to load. Browsers only let a page sound after a
// gesture: unlock() is called from the Join button.

let context = null;
let enabled = true;

export function enable(wanted) {
  enabled = wanted;
}

export function unlock() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) return;
  try {
    context ??= new Context();
    context.resume().catch(() => {});
  } catch {
    context = null; // no sound device
  }
}

export const chimeJoined = () => play(523.25, 659.25); // C5 E5
export const chimeLost = () => play(523.25, 392); // C5 G4

function play(...notes) {
  if (!enabled || context?.state !== 'running') return;
  notes.forEach((frequency, index) => {
    const start = context.currentTime + index * 0.16;
    const tone = new OscillatorNode(context, { type: 'sine', frequency });
    const level = new GainNode(context, { gain: 0 });
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.08, start + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
    tone.connect(level).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.55);
  });
}
