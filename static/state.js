// The page's state: one value, in one place. The view (view.js) follows it and nothing else does.
//
// `phase` is where the person stands; the table below lists every way from one to another. What
// is true beside it (the link to the server, the devices, a notice) are fields of the same value.
//
//   lobby       no room. `notice` may say why: full, denied, ...
//   asking      the browser asks for camera and microphone, or the server for a seat
//   waiting     seated, alone
//   connecting  the other person is here, the call is being made or repaired
//   call        seen and heard
//   away        the other's connection dropped; the last picture stays, dimmed
//
// "Reconnecting" is no phase: `link` is 'down' while any of them goes on. "Not secure" is none
// either: it is what `secure` says before and after.

const NEXT = {
  lobby: ['asking'],
  asking: ['lobby', 'waiting', 'connecting'],
  waiting: ['lobby', 'connecting'],
  connecting: ['lobby', 'waiting', 'call', 'away'],
  call: ['lobby', 'waiting', 'connecting', 'away'],
  away: ['lobby', 'waiting', 'connecting', 'call'],
};

export const initial = {
  phase: 'lobby',
  room: '',           // as typed, trimmed
  link: 'starting',   // 'starting' | 'up' | 'down': signalling, not the call
  passcode: '',       // '' | 'asked' | 'wrong' | 'changed' | 'checking' | 'busy' | 'later' (put off in a room)
  secure: true,       // whether this address may use the camera at all
  secureAddress: '',  // where it may, if the server knows
  addresses: [],      // those at which other devices find the server, the best first
  notice: null,       // { kind, ... } shown in the lobby or over the call, see words.js
  problem: '',        // inline message under the room's name
  microphone: 'none', // 'on' | 'off' | 'none'
  camera: 'none',
  own: null,          // MediaStream
  peer: null,         // MediaStream
  peerPicture: false, // whether the other person's picture moves
  peerAway: false,    // their line to the server is lost, whatever the call does
  slow: false,        // the call takes longer than it should
  blocked: false,     // the browser wants a tap before it plays sound
  inviting: false,    // the invitation is open
  copied: false,      // its link is on the clipboard
  copyByHand: false,  // there is no clipboard for it
  chime: true,
  device: null,       // the server's name
  recent: [],         // rooms used here, newest first
};

// A store for that value. `onChange(now, before)` runs once per change, synchronously.
export function createStore(value, onChange) {
  return {
    get now() {
      return value;
    },
    // Takes over the given fields. A phase that cannot follow is a late event (an answer after
    // Leave, say): the whole change is refused, and false comes back.
    set(change) {
      const { phase = value.phase } = change;
      if (phase !== value.phase && !NEXT[value.phase].includes(phase)) return false;
      const before = value;
      value = Object.freeze({ ...value, ...change });
      onChange(value, before);
      return true;
    },
  };
}

export const inRoom = ({ phase }) => phase !== 'lobby';
export const seated = ({ phase }) => phase !== 'lobby' && phase !== 'asking';
export const withPeer = ({ phase }) => phase === 'connecting' || phase === 'call' || phase === 'away';
