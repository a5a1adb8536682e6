// Room names: what is allowed, how one stands in the address, and which were used here last.
//
// A name is trimmed, 1 to 64 bytes, without control characters: the server's rule, checked here
// first so that the answer stands beside the input at once. `/#kitchen` names a room, and is
// what an invitation says.

const KEY = 'parlor.rooms', KEPT = 5, LONGEST = 64; // bytes

// What is wrong with a name, as a sentence, or '' when nothing is.
export function problemWith(name) {
  if (!name) return 'Type a name for the room first.';
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'That name has characters that cannot be used. Try letters and digits.';
  if (new TextEncoder().encode(name).length > LONGEST) return 'That name is too long. Try a shorter one.';
  return '';
}

export function roomInAddress() {
  const raw = location.hash.slice(1);
  try {
    return decodeURIComponent(raw).trim();
  } catch {
    return raw.trim(); // a lone % typed by hand
  }
}

export const hashOf = (room) => (room ? `#${encodeURIComponent(room)}` : '');

// A host that means something else on other devices, or nothing: this machine, a name that only
// mDNS knows (Android has none), a bare name.
const NOT_FOR_ALL = /^(127\..*|\[::1\]|[^.:]+|.*\.local(host)?)\.?$/;
const THIS_MACHINE = /^(127\..*|\[::1\]|(.*\.)?localhost)\.?$/;

// The room's address for other devices. It is the one of this page, unless that is not for all or
// has no camera. HTTPS is not given up for it: where only a proxy has that, its name stays.
export function linkTo(room, { addresses = [], secureAddress = '' } = {}) {
  const first = addresses.find((address) => location.protocol === 'http:' || address.startsWith('https:'));
  const better = NOT_FOR_ALL.test(location.hostname) ? first : !window.isSecureContext && secureAddress;
  return new URL(location.pathname + hashOf(room), better || location.origin).href;
}

export const isForThisMachine = (link) => THIS_MACHINE.test(new URL(link).hostname);

// Storage may be switched off or full: then nothing is remembered, and nothing breaks.
export function recall(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // see above
  }
}

export function recentRooms() {
  const rooms = recall(KEY, []);
  return Array.isArray(rooms) ? rooms.filter((room) => typeof room === 'string' && !problemWith(room)).slice(0, KEPT) : [];
}

export function rememberRoom(room) {
  const rooms = [room, ...recentRooms().filter((other) => other !== room)].slice(0, KEPT);
  remember(KEY, rooms);
  return rooms;
}
