// The passcode, if the server has one: asked for when it refuses the line to it for want of one.
//
// Stands between the line (socket.js sends `auth` when it connects) and the state, where `passcode`
// says what is to be asked; view.js shows it on a sheet. After a refusal nothing is tried again until one was
// typed, but for 'later', when the server has not looked at it. The right one is kept as long as the
// tab, so that reconnecting and reloading need nobody; one that the server does not take any more is
// forgotten. In a room the sheet can be put off, because a call goes on without the server.

import { inRoom } from './state.js';

const KEPT = 'parlor.passcode';

export function keptPasscode() {
  try {
    return sessionStorage.getItem(KEPT) ?? undefined;
  } catch {
    return undefined; // no storage
  }
}

function keep(passcode) {
  try {
    if (passcode) sessionStorage.setItem(KEPT, passcode);
    else sessionStorage.removeItem(KEPT);
  } catch { /* then it is asked for after each load */ }
}

export function makePasscode({ el, store, socket, auth }) {
  let right = auth.passcode; // the one that was let in

  el.passcodeForm.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!el.passcode.value) return el.passcode.focus();
    auth.passcode = el.passcode.value;
    store.set({ passcode: 'checking' });
    socket.close(); // it may be trying with another one
    socket.open();
  });
  const isTrying = () => ['checking', 'busy'].includes(store.now.passcode); // with what was typed
  // What is being tried goes on being tried, without the sheet.
  const putOff = () => inRoom(store.now) && store.set({ passcode: isTrying() ? '' : 'later' });
  el.passcodeLater.addEventListener('click', putOff);
  el.passcodeSheet.addEventListener('cancel', (event) => {
    event.preventDefault();
    putOff();
  });
  // A browser closes it all the same when Esc is pressed twice: rendering opens it again.
  el.passcodeSheet.addEventListener('close', () => store.set({}));

  socket.on('connect', () => {
    if (auth.passcode) keep(right = auth.passcode);
    el.passcode.value = '';
    store.set({ passcode: '' });
  });

  // The server refused the line; whether it was for the passcode.
  return function refused({ data }) {
    if (data?.code === 'later') { // somebody here guesses; it is tried again by itself
      if (inRoom(store.now) && !isTrying()) return false; // a line that is lost, no more: nothing is to be typed
      store.set({ passcode: 'busy' });
      return true;
    }
    if (data?.code !== 'passcode') return false;
    socket.close();
    const passcode = !auth.passcode ? 'asked' : auth.passcode === right ? 'changed' : 'wrong';
    keep(right = auth.passcode = undefined);
    store.set({ link: inRoom(store.now) ? 'down' : 'starting', passcode });
    el.passcode.focus();
    el.passcode.select();
    return true;
  };
}
