// The page's beginning: makes the parts and joins them up. Read this first.
//
//   socket.js  the line to the server       state.js  the one state      view.js   what is seen
//   seat.js    a stay in a room, the rules  call.js   one connection     words.js  what is said
//   media.js   camera and microphone        rooms.js  names, address, memory
//   settings.js  what the server tells us   invite.js  the way for others
//   seatkey.js  what a seat is kept by      goodbye.js  what a seat is left by
//   passcode.js  the server's, if it asks for one
//   controls.js, drag.js, chime.js, awake.js  the small comforts
//
// Here: joining and leaving, the address, the buttons and keys. Pressing Join asks for the camera
// first and for the seat after, so who is refused the camera and gives up never held a seat.

import { createAwake } from './awake.js';
import * as chime from './chime.js';
import { fadeControls, onKeys } from './controls.js';
import { makeMovable } from './drag.js';
import { Goodbyes } from './goodbye.js';
import { makeInvitation } from './invite.js';
import { Media } from './media.js';
import { keptPasscode, makePasscode } from './passcode.js';
import { hashOf, problemWith, recall, recentRooms, remember, rememberRoom, roomInAddress } from './rooms.js';
import { Seat } from './seat.js';
import { seatKey } from './seatkey.js';
import { Settings } from './settings.js';
import { Socket } from './socket.js';
import { createStore, initial, inRoom, withPeer } from './state.js';
import { createView } from './view.js';

const CHIME = 'parlor.chime';
const SETTINGS_CHECK = 5 * 60 * 1000; // ms

const query = new URLSearchParams(location.search);
const auth = { seat: seatKey(), passcode: keptPasscode() };
const socket = new Socket({ polling: query.get('transport') === 'polling', auth });
const goodbyes = new Goodbyes(socket);
const keepAwake = createAwake();
let seat = null;
let attempt = 0; // the latest Join or Leave: what an earlier one still waits for is void

const { render, el } = createView({
  onBlocked: () => store.set({ blocked: true }),
  onRecent: (room) => {
    el.input.value = room;
    join();
  },
});
const store = createStore({ ...initial, chime: recall(CHIME, true) !== false, recent: recentRooms() }, (now, before) => {
  render(now, before);
  if (now.phase === before.phase) return;
  // Put off because a call went on: without one the line is needed.
  if (before.phase === 'call' && now.passcode === 'later') store.set({ passcode: 'asked' });
  wakeControls(); // who waited without touching anything sees them
  keepAwake(withPeer(now));
});
const wakeControls = fadeControls(el.panel);
render(store.now);
chime.enable(store.now.chime);

// --- The server's settings ----------------------------------------------------------------------

const settings = new Settings((told) => store.set(told));
settings.fresh();
setInterval(() => seat && settings.fresh(), SETTINGS_CHECK);

// --- Joining and leaving ------------------------------------------------------------------------

async function join(ask = window.isSecureContext ? Media.both : async () => new Media()) {
  if (inRoom(store.now)) return; // a second click, or Enter and a click
  const room = el.input.value.trim();
  const problem = problemWith(room);
  if (problem) {
    store.set({ problem });
    el.input.focus();
    return;
  }
  chime.unlock();
  socket.open(); // closed since the seat was taken over
  const mine = ++attempt;
  store.set({ phase: 'asking', room, problem: '', notice: null });
  enterAddress(room);
  let media;
  try {
    media = await ask();
    await settings.fresh();
  } catch ({ kind = 'busy' }) {
    if (mine === attempt) leave({ notice: { kind } });
    return;
  }
  if (mine !== attempt) return media.stop();
  const onRefused = (notice) => mine === attempt && leave({ notice });
  seat = new Seat({ room, media, settings, socket, goodbyes, store, onRefused });
  if (socket.connected) seat.take(); // else as soon as there is a link
}

// Leaves the room; `change` says why, as fields of the state.
function leave(change) {
  if (!inRoom(store.now)) return;
  depart(change);
  leaveAddress();
}

function depart(change) {
  attempt += 1;
  seat?.leave();
  seat = null;
  const { room, own, peer, peerPicture, peerAway, microphone, camera, slow, blocked, inviting } = initial;
  store.set({
    phase: 'lobby', room, own, peer, peerPicture, peerAway, microphone, camera, slow, blocked, inviting,
    link: socket.connected ? 'up' : store.now.link,
    notice: store.now.secure ? null : { kind: 'insecure' },
    ...change,
  });
}

// --- The line to the server ---------------------------------------------------------------------

let lines = 0; // so many were there in all
socket.on('connect', async () => {
  goodbyes.repeat();
  if (!seat) return store.set({ link: 'up' });
  const mine = seat, line = ++lines;
  await settings.fresh(); // the machine may have slept for days
  if (line !== lines) return; // lost meanwhile, and another one is there
  if (mine === seat && socket.connected) seat.take(); // the link counts as up once we sit again
  else if (!seat && socket.connected) store.set({ link: 'up' });
});
socket.on('disconnect', (why) => {
  store.set({ link: why === 'io client disconnect' ? 'starting' : 'down' }); // our own doing is no failure
  seat?.linkLost();
});
const wantsPasscode = makePasscode({ el, store, socket, auth });
socket.on('connect_error', (error) => wantsPasscode(error) || store.set({ link: 'down' }));

for (const name of ['full', 'ready', 'offer', 'answer', 'candidate', 'peer-away', 'peer-back']) {
  socket.on(name, (value) => seat?.[name](value));
}
for (const name of ['created', 'joined']) {
  socket.on(name, () => {
    if (!seat) return;
    seat[name]();
    store.set({ recent: rememberRoom(seat.room) });
  });
}
socket.on('leave', () => seat?.left());
// Another tab with this one's key has the seat: this one stays away until somebody presses Join here.
socket.on('taken-over', () => {
  if (!seat) return;
  seat['taken-over']();
  socket.close();
});
addEventListener('online', () => seat?.networkChanged());
socket.on('room-error', (error) => seat?.refused(error));

// --- The address: `/#kitchen` is an invitation, Back leaves the call ----------------------------
// Leaving keeps the entry that joining made and marks it as spare for the next one. Going back
// instead would be tidier, but it happens later, when the person may have joined again.

function enterAddress(room) {
  if (roomInAddress() === room) return;
  history[history.state?.spare ? 'replaceState' : 'pushState']({ entered: true }, '', hashOf(room));
}

function leaveAddress() {
  if (history.state?.entered) history.replaceState({ spare: true }, '', location.pathname + location.search);
}

function followAddress() {
  const room = roomInAddress();
  if (inRoom(store.now) && room !== store.now.room) leave();
  if (inRoom(store.now) || !room) return;
  el.input.value = room;
  store.set({ problem: '' });
  el.join.focus();
}
addEventListener('popstate', followAddress);

// --- Buttons, keys, comforts --------------------------------------------------------------------

const toggle = (kind) => () => seat?.toggle(kind);

document.getElementById('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  join();
});
el.input.addEventListener('input', () => store.set({ problem: '' }));
el.retry.addEventListener('click', () => join());
el.without.addEventListener('click', () => join(Media.withoutCamera));
el.mute.addEventListener('click', toggle('audio'));
el.camera.addEventListener('click', toggle('video'));
el.leave.addEventListener('click', () => leave());
el.play.addEventListener('click', () => el.peer.play().then(() => store.set({ blocked: false }), () => {}));
document.getElementById('dismiss-button').addEventListener('click', () => store.set({ notice: null }));
el.chime.addEventListener('change', () => {
  remember(CHIME, el.chime.checked);
  store.set({ chime: el.chime.checked });
  chime.enable(el.chime.checked);
});

makeInvitation(el, store);
onKeys({ m: toggle('audio'), v: toggle('video'), escape: () => leave() });
makeMovable(document.getElementById('own-picture'), document.getElementById('stage'), () => withPeer(store.now));

// The page goes away. The address keeps the room: after a reload it is an invitation again.
addEventListener('pagehide', () => {
  depart();
  socket.close();
});
addEventListener('pageshow', ({ persisted }) => persisted && socket.open()); // back from the page cache

if (!window.isSecureContext) store.set({ secure: false, notice: { kind: 'insecure' } });
el.input.value = roomInAddress();
if (el.input.value) el.join.focus();
else if (matchMedia('(pointer: fine)').matches) el.input.focus();
socket.open();
