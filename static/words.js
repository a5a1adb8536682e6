// Every sentence the page says, by state. Plain words: what happened, and what to do.

export function statusOf({ phase, room, own, slow, peerPicture }) {
  switch (phase) {
    case 'asking': return own ? 'One moment.' : 'Allow the camera and microphone to be seen and heard.';
    case 'waiting': return `Waiting for somebody to join ${room}.`;
    case 'connecting': return slow ? 'Still connecting. Are both devices on the same network?' : 'Connecting...';
    case 'away': return "The other person's connection dropped. Waiting for them to come back.";
    case 'call': return peerPicture ? '' : 'The other person is here, without a picture.';
    default: return '';
  }
}

// What a screen reader hears when the state changes, null for nothing new; the rest is on the screen.
export function announcementOf(now, before) {
  if (now.phase === before.phase) return aboutTheLines(now, before);
  if (now.phase === 'call') return before.phase === 'away' ? 'The call goes on.' : `In call in ${now.room}.`;
  if (now.phase === 'lobby') return now.notice ? '' : 'You left the room.';
  return statusOf(now);
}

function aboutTheLines(now, before) {
  const [bar, old] = [linkBarOf(now), linkBarOf(before)];
  if (bar === old) return null;
  if (bar || now.link !== 'up') return bar || null;
  return before.link === 'down' ? 'Connected to Parlor again.' : 'The other person is back.';
}

export function titleOf({ phase, room, device }) {
  const place = device ? `Parlor on ${device}` : 'Parlor';
  const state = { asking: 'joining', waiting: 'waiting', connecting: 'connecting', call: 'in call', away: 'interrupted' }[phase];
  return state ? `${room} (${state}) - Parlor` : place;
}

export function linkBarOf({ link, phase, passcode, peerAway }) {
  if (passcode === 'later' && phase !== 'lobby') {
    return `Parlor asks for its passcode: leave the room to type it.${phase === 'call' ? ' Your call goes on.' : ''}`;
  }
  if (passcode && passcode !== 'checking') return ''; // it is being asked for
  if (link !== 'down') return phase === 'call' && peerAway ? 'The other person is reconnecting. Your call goes on.' : '';
  if (phase === 'call') return 'Reconnecting to Parlor. Your call goes on.';
  return phase === 'lobby' ? 'Parlor does not answer. Trying again.' : 'Reconnecting to Parlor.';
}

// What the sheet for the passcode says: { hint, problem, button }.
export function passcodeOf({ passcode }) {
  return {
    hint: passcode === 'changed'
      ? 'It is another one than before. Whoever runs this Parlor can tell you.'
      : 'Whoever runs this Parlor can tell you. You are asked once in this tab.',
    problem: {
      wrong: 'That is not the passcode. Try again.',
      busy: 'Too many wrong passcodes came from here. One moment, it is tried again by itself.',
    }[passcode] ?? '',
    button: passcode === 'checking' ? 'One moment...' : 'Continue',
  };
}

// What an invitation says beside its code; some links lead nowhere else.
export const hintOf = (thisMachineOnly) => (thisMachineOnly
  ? 'Parlor is not open to other devices now: this link works on this one only.'
  : 'Point the camera of another phone in this network here, or send it the link.');

export const labelOf = {
  audio: (status) => (status === 'on' ? 'Mute' : 'Unmute'),
  video: (status) => (status === 'on' ? 'Hide camera' : 'Show camera'),
};

const WATCH_ONLY = 'From here you can join to see and hear the other person.';

// A notice: { title, text, link?, ways }, `ways` being the buttons on from there.
export function noticeOf(notice, now) {
  const device = { video: 'camera', audio: 'microphone' }[notice.device];
  switch (notice.kind) {
    case 'full': return {
      title: `Two people are already in ${notice.room}.`,
      text: 'Try another name.',
      ways: [],
    };
    case 'taken': return {
      title: `You are in ${notice.room} in another tab.`,
      text: 'Join here to move the call to this one.',
      ways: [],
    };
    case 'refused': return { title: 'Parlor could not give you a seat.', text: notice.text ?? '', ways: [] };
    case 'denied': return {
      title: `This page may not use the ${device ?? 'camera and microphone'}.`,
      text: `${howToAllow()} Then try again.`,
      ways: ['retry', 'without'],
    };
    case 'missing': return {
      title: `No ${device ?? 'camera or microphone'} was found.`,
      text: `Plug one in and try again.${device ? '' : ' Or join without: you will see and hear the other person.'}`,
      ways: ['retry', 'without'],
    };
    case 'busy': return {
      title: `The ${device ?? 'camera or microphone'} is in use.`,
      text: 'Another program or tab has it. Close that one and try again.',
      ways: ['retry', 'without'],
    };
    case 'insecure': return {
      title: "This address can't use the camera.",
      ...(now.secureAddress
        ? { text: 'Open', link: now.secureAddress, after: `instead. ${WATCH_ONLY}` }
        : { text: `Browsers give it to https:// addresses only, and to http://localhost on the device itself. ${WATCH_ONLY}` }),
      ways: [],
    };
    default: return { title: notice.kind, text: '', ways: [] };
  }
}

// The way to the switch differs by browser; this is the short description of it.
function howToAllow(agent = navigator.userAgent) {
  const touch = navigator.maxTouchPoints > 1;
  if (/iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && touch)) {
    return 'Press the page icon beside the address, choose Website Settings, and allow the camera and the microphone.';
  }
  if (/Firefox/.test(agent)) return 'Press the crossed-out camera beside the address and remove the block.';
  if (/Android/.test(agent)) return 'Press the icon left of the address, choose Permissions, and allow the camera and the microphone.';
  if (/Chrome/.test(agent)) return 'Press the icon left of the address and switch the camera and the microphone on.';
  if (/Safari/.test(agent)) return 'In the Safari menu choose Settings for This Website, and allow the camera and the microphone.';
  return "Allow the camera and the microphone in the browser's settings for this page.";
}
