// The view: what the document shows for a state, and nothing else. It keeps no state of its own.
//
// render(now, before) writes only what the state says; styles.css places things by the phase on
// <body>. Focus moves with the phase, so that it is never left on something that went away.

import { hashOf, isForThisMachine, linkTo, roomInAddress } from './rooms.js';
import { inRoom, seated, withPeer } from './state.js';
import { announcementOf, hintOf, labelOf, linkBarOf, noticeOf, passcodeOf, statusOf, titleOf } from './words.js';

const $ = (id) => document.getElementById(id);

const el = {
  lobby: $('video-chat-lobby'), room: $('video-chat-room'), panel: $('chat-control-panel'),
  input: $('roomName'), join: $('join-button'), problem: $('room-problem'),
  device: $('device-name'), bar: $('link-bar'), announcer: $('announcer'),
  notice: $('notice'), noticeTitle: $('notice-title'), noticeText: $('notice-text'),
  noticeLink: $('notice-link'), noticeAfter: $('notice-after'),
  ways: $('notice-ways'), retry: $('retry-button'), without: $('without-button'),
  recent: $('recent'), recentRooms: $('recent-rooms'), chime: $('chime-switch'),
  own: $('user-video'), peer: $('peer-video'),
  roomTitle: $('room-title').firstElementChild, status: $('room-status'), card: $('room-card'),
  invite: $('invite'), inviteButton: $('invite-button'), sheet: $('invite-sheet'),
  inviteTitle: $('invite-title').firstElementChild, inviteCode: $('invite-code'), inviteHint: $('invite-hint'),
  inviteLink: $('invite-link'), inviteSaid: $('invite-said'), copy: $('copy-button'), share: $('share-button'),
  inviteClose: $('invite-close'),
  passcodeSheet: $('passcode-sheet'), passcodeForm: $('passcode-form'), passcode: $('passcode'), passcodeHint: $('passcode-hint'),
  passcodeProblem: $('passcode-problem'), passcodeButton: $('passcode-button'), passcodeLater: $('passcode-later'),
  play: $('play-button'), roomNotice: $('room-notice'),
  mute: $('mute-button'), camera: $('camera-button'), leave: $('leave-room-button'),
};

export function createView({ onBlocked, onRecent }) {
  function render(now, before = {}) {
    const changed = (...names) => names.some((name) => now[name] !== before[name]);

    Object.assign(document.body.dataset, {
      phase: now.phase,
      people: withPeer(now) ? 'two' : 'one',
      camera: now.camera,
      peer: now.peerPicture ? 'picture' : 'none',
      link: now.link,
    });
    document.title = titleOf(now);
    el.lobby.hidden = inRoom(now);
    el.room.hidden = !inRoom(now);

    setText(el.bar, linkBarOf(now));
    setText(el.device, now.device ? `on ${now.device}` : '');
    setText(el.status, statusOf(now));
    setText(el.problem, now.problem);
    el.input.setAttribute('aria-invalid', String(Boolean(now.problem)));
    el.chime.checked = now.chime;

    if (changed('recent')) renderRecent(now.recent, onRecent);
    if (changed('notice', 'phase', 'secureAddress')) renderNotice(now);
    if (changed('room')) renderRoom(now);
    if (changed('room', 'addresses', 'secureAddress')) renderLink(now);

    el.invite.hidden = now.phase !== 'waiting';
    el.play.hidden = !now.blocked || !seated(now);
    el.card.hidden = el.invite.hidden && el.play.hidden && !el.status.textContent;

    el.mute.hidden = el.camera.hidden = !seated(now);
    renderSwitch(el.mute, labelOf.audio(now.microphone), 'M', now.microphone);
    renderSwitch(el.camera, labelOf.video(now.camera), 'V', now.camera);

    show(el.own, now.own, () => {});
    show(el.peer, now.peer, onBlocked);

    renderSheet(now);
    renderPasscode(now);

    if (!before.phase) return;
    const news = announcementOf(now, before);
    if (news !== null) setText(el.announcer, news);
    if (changed('phase')) moveFocus(now, before);
  }
  return { render, el };
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
  if (element === el.bar || element === el.device) element.hidden = !text;
}

function renderSwitch(button, label, key, status) {
  setText(button.querySelector('.label'), label);
  button.setAttribute('aria-pressed', String(status !== 'on'));
  button.title = `${label} (${key})`;
}

// `play` may be refused until the person taps: sound that nobody asked for.
function show(video, stream, onBlocked) {
  if (video.srcObject === stream) return;
  video.srcObject = stream;
  if (stream) {
    video.play().catch((error) => {
      if (error.name === 'NotAllowedError') onBlocked();
    });
  }
}

function renderRoom({ room }) {
  el.roomTitle.textContent = room;
  el.room.setAttribute('aria-label', room ? `Room ${room}` : 'Room');
}

function renderLink(now) {
  const link = now.room ? linkTo(now.room, now) : '';
  el.inviteLink.value = link;
  el.inviteTitle.textContent = now.room;
  setText(el.inviteHint, hintOf(link && isForThisMachine(link)));
}

function renderSheet({ inviting, phase, copied, copyByHand }) {
  const open = inviting && phase === 'waiting';
  setText(el.copy, copied ? 'Link copied' : 'Copy link');
  setText(el.inviteSaid, copied ? 'Link copied.' : copyByHand ? 'The link is selected: copy it from there.' : '');
  if (open) {
    const code = `/qr.svg?${encodeURIComponent(el.inviteLink.value)}`;
    if (el.inviteCode.getAttribute('src') !== code) el.inviteCode.src = code;
  }
  if (open && !el.sheet.open) el.sheet.showModal();
  else if (!open && el.sheet.open) el.sheet.close();
}

function renderPasscode(now) {
  const open = Boolean(now.passcode) && !(now.passcode === 'later' && inRoom(now));
  const { hint, problem, button } = passcodeOf(now);
  if (open) setText(el.passcodeHint, hint);
  setText(el.passcodeProblem, problem);
  setText(el.passcodeButton, button);
  el.passcode.setAttribute('aria-invalid', String(now.passcode === 'wrong'));
  el.passcode.readOnly = now.passcode === 'checking';
  el.passcodeLater.hidden = !inRoom(now);
  if (open && !el.passcodeSheet.open) el.passcodeSheet.showModal();
  else if (!open && el.passcodeSheet.open) el.passcodeSheet.close();
}

function renderNotice(now) {
  const notice = now.notice && noticeOf(now.notice, now);
  const inLobby = !inRoom(now);
  el.notice.hidden = !notice || !inLobby;
  el.roomNotice.hidden = !notice || inLobby;
  if (!notice) return;
  if (!inLobby) {
    el.roomNotice.firstElementChild.textContent = notice.link ? notice.title : `${notice.title} ${notice.text}`;
    return;
  }
  el.noticeTitle.textContent = notice.title;
  el.noticeText.textContent = notice.text;
  el.noticeLink.hidden = !notice.link;
  if (notice.link) {
    el.noticeLink.href = notice.link + hashOf(roomInAddress());
    el.noticeLink.textContent = notice.link;
  }
  el.noticeAfter.textContent = notice.after ?? '';
  el.ways.hidden = !notice.ways.length;
  el.retry.hidden = !notice.ways.includes('retry');
  el.without.hidden = !notice.ways.includes('without');
}

function renderRecent(rooms, onRecent) {
  el.recent.hidden = !rooms.length;
  el.recentRooms.replaceChildren(...rooms.map((room) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';
    button.textContent = room;
    button.addEventListener('click', () => onRecent(room));
    const item = document.createElement('li');
    item.append(button);
    return item;
  }));
}

function moveFocus(now, before) {
  if (inRoom(now) && !inRoom(before)) el.room.focus({ preventScroll: true });
  else if (inRoom(now) || !inRoom(before)) keepFocus();
  else if (now.notice?.kind === 'full' || now.notice?.kind === 'refused') el.input.select(); // another name is next
  else if (now.notice) el.notice.focus();
  else el.join.focus(); // not the input: that would raise a phone's keyboard
}

// A button that had the focus may be hidden now (Invite, once somebody came).
function keepFocus() {
  const active = document.activeElement;
  if (!inRoom({ phase: document.body.dataset.phase })) return;
  if (!active || active === document.body || active.closest('[hidden]')) el.room.focus({ preventScroll: true });
}
