// One person's stay in one room: from media in hand to leaving.
//
// Stands between the signalling (socket.js, the contract's events) and the call (call.js), and
// writes what happens into the state. Rules, from the signalling contract:
//
//   created           we are alone, or were here first: we make the offer when `ready` comes
//   joined            somebody is here: say `ready`, wait for the offer, answer it
//   full              no seat
//   ready             (creator) the other wants a call, or the one that there is mended
//   offer, answer, candidate   to the call; an offer of another connection begins a new one
//   leave             the other went: whoever stays is the creator for the next
//   peer-away, peer-back   the other's line is lost, and the server keeps the seat; it is there again
//   taken-over        somebody with our key, such as a copy of this tab, has the seat
//
// `created` and `joined` say our role and set things going. The acknowledgement of a join that resumes
// a call adds whether the other seat is somebody's; it may come before them or after.
//
// Repair: only the creator ever offers. When a call breaks, the creator offers again and the joiner
// says `ready` again, each after growing pauses: first to mend the call that there is, then for a new
// one. So does who has got another device, or another network. While the line is down, or the other
// is away, nobody would hear it: it is done when both are back. A line that is dead without showing
// it is found out by that: both are to be acknowledged by the server. After a lost line the seat is taken
// again, and a call that still works is left alone, whoever has which role then.

import { Call } from './call.js';
import { chimeJoined, chimeLost } from './chime.js';
import { PAGE } from './seatkey.js';
import { seated, withPeer } from './state.js';

const ANSWER_PATIENCE = 5000;   // ms for an offer after `ready`: the other may be at its camera prompt
const CONNECT_PATIENCE = 12000; // ms for a call to connect once offered
const SAME_WISH = 3000;         // ms in which a second `ready` asks for what is on its way already
const HANGUP_GRACE = 1000;      // ms for the `leave` that belongs to a connection closed by the other
const BREAK_GRACE = 2000;       // ms in which a call that broke may come back by itself
const MENDS = 2;                // tries to mend a call before a new one is made
const AWAY_GRACE = 1000;        // ms in which a line that is replaced by another is no news
const FULL_RETRY = 3000;        // ms between tries to get our own seat back
const FULL_PATIENCE = 60000;    // ms until the server must have noticed that our old line is dead

export class Seat {
  #socket; #goodbyes; #store; #media; #settings;
  #call = null;
  #creator = false;
  #alone = true;    // there is nobody, or nobody yet
  #heard = false;   // the server said, or they did, that somebody sits opposite since we sat down
  #away = false;    // the other's line is lost: there is nobody to say something to
  #stranger = false; // who sits opposite is not who we talk to
  #early = false;   // a `ready` that came before there was a stream to answer it with
  #prompt = false;  // the browser is asking for a device
  #due = false;     // this side has changed, by a device or its network, and no offer says so yet
  #asked = false;   // we have a seat, or will have one before a `leave` could arrive
  #sat = false;     // we had one: from now on the page comes back by itself
  #resuming = false; // it is asked for with the call that there is
  #offeredAt = 0;
  #repairs = 0;
  #timer;           // repair of the call
  #seatTimer;       // next try for a seat that somebody else has
  #awayTimer;
  #lostSeatAt = 0;
  #onRefused;

  constructor({ room, media, settings, socket, goodbyes, store, onRefused }) {
    this.room = room;
    this.#media = media;
    this.#settings = settings;
    this.#socket = socket;
    this.#goodbyes = goodbyes;
    this.#store = store;
    this.#onRefused = onRefused;
    media.onEnded = () => this.#showDevices();
    this.#showDevices();
  }

  // Asks for the seat: at first, and again whenever the line is back.
  take() {
    clearTimeout(this.#seatTimer);
    this.#asked = true;
    this.#heard = false;
    this.#otherIsAway(false); // or it is said
    this.#resuming = Boolean(this.#call?.resumable);
    const how = { page: PAGE, ...(this.#resuming ? { resume: true } : this.#sat && { again: true }) };
    this.#socket.emit('join', this.room, how, ({ error, peer } = {}) => {
      this.#heard ||= Boolean(peer);
      const said = ['full', 'taken-over'].includes(error?.code); // as events of their own
      if (error && !said) this.refused(error);
    });
  }

  // The line is down. What was offered is not answered any more; the call itself goes on.
  linkLost() {
    clearTimeout(this.#timer);
    clearTimeout(this.#seatTimer);
    this.#due ||= Boolean(this.#call?.awaitsAnswer);
    this.#offeredAt = 0;
    this.#lostSeatAt ||= Date.now();
  }

  // The way that the call takes may be gone, which shows late by itself. The line is being made anew
  // as well; the call is mended over that. One that cannot be mended is left to show it.
  networkChanged() {
    if (this.#call?.mendable) this.#due = true;
  }

  // Who has no seat says nothing: the original's server would pass a stranger's `leave` on.
  leave() {
    if (this.#asked) this.#goodbyes.say(this.room);
    for (const timer of [this.#timer, this.#seatTimer, this.#awayTimer]) clearTimeout(timer);
    this.#call?.close();
    this.#call = null; // what still waits for an answer of it finds that it is not the one any more
    this.#alone = true;
    this.#media.stop();
  }

  // --- What the server says -------------------------------------------------------------------

  created() {
    this.#seated(true);
    if (!this.#goesOn()) this.#waitAlone();
  }

  joined() {
    this.#seated(false);
    if (this.#goesOn()) return;
    this.#store.set({ phase: 'connecting' });
    this.#sayReady();
  }

  full() {
    this.#noSeat({ kind: 'full', room: this.room }, FULL_PATIENCE);
  }

  // For another reason, such as a server with too many rooms.
  refused(error) {
    this.#noSeat({ kind: 'refused', text: error?.message });
  }

  ready() {
    if (!this.#creator) return;
    if (this.#alone) chimeJoined();
    this.#hear();
    // Nothing to show yet, but the browser is asking: wait for that, unless they ask a second time, or
    // there is a call, into which it is brought then.
    const waits = this.#prompt && !this.#media.stream.getTracks().length && !this.#call?.healthy;
    if (waits && !this.#early) this.#early = true;
    else if (!this.#call?.awaitsAnswer || Date.now() - this.#offeredAt > SAME_WISH) this.#callAgain();
  }

  async offer(offer) {
    if (this.#creator) return;
    this.#hear();
    this.#due = false;
    if (!this.#call?.knows(offer)) this.#newCall();
    this.#repairAfter(CONNECT_PATIENCE);
    await this.#negotiated(this.#call.accept(offer));
  }

  async answer(answer) {
    if (!this.#call) return;
    this.#hear();
    if (await this.#negotiated(this.#call.take(answer)) && this.#due) this.#renew();
  }

  candidate(candidate) {
    this.#call?.candidate(candidate);
  }

  'peer-away'() {
    this.#heard = true;
    this.#otherIsAway(true);
    if (!this.#call?.healthy) this.#store.set({ phase: 'away' });
  }

  'peer-back'() {
    this.#hear();
    if (this.#call?.healthy) this.#store.set({ phase: 'call' });
    if (this.#due || this.#call?.awaitsAnswer) this.#renew(true); // nobody has heard the last offer
    else if (!this.#call?.healthy) this.#repairAfter(0);
  }

  'taken-over'() {
    this.#asked = false;
    this.#onRefused({ kind: 'taken', room: this.room });
  }

  left() {
    this.#creator = true;
    if (this.#stranger && this.#call?.healthy) { // the seat is free for who we talk to
      this.#stranger = false;
      return this.take(); // says that we are not free for anybody else
    }
    if (withPeer(this.#store.now)) chimeLost();
    this.#waitAlone();
  }

  // --- Devices --------------------------------------------------------------------------------

  // Switches a device, or asks for one that is missing: who joined without may change their mind.
  async toggle(kind) {
    if (this.#media.toggle(kind)) return this.#showDevices();
    if (this.#prompt) return;
    this.#prompt = true;
    let track = null, notice = null;
    this.#store.set({ notice });
    try {
      track = await this.#media.add(kind);
    } catch (problem) {
      notice = { kind: problem.kind, device: kind };
    }
    this.#prompt = false;
    if (this.#store.now.own !== this.#media.stream) return track?.stop(); // left meanwhile
    this.#store.set({ notice });
    this.#showDevices();
    if (this.#early) this.#renew(true);
    else if (track && !this.#alone && !this.#call?.replace(track)) this.#renew();
  }

  #showDevices() {
    const { stream, microphone, camera } = this.#media;
    this.#store.set({ own: stream, microphone, camera });
  }

  // --- The call -------------------------------------------------------------------------------

  #seated(creator) {
    this.#creator = creator;
    this.#alone = false; // or we wait, which is next
    this.#sat = true;
    this.#lostSeatAt = 0;
    this.#repairs = 0;
    this.#store.set({ link: 'up' });
  }

  // Who had a seat tries for it again: as long as a call goes on, which needs none, or for `patience`.
  #noSeat(notice, patience = 0) {
    this.#asked = false;
    clearTimeout(this.#seatTimer);
    const lostFor = this.#lostSeatAt && Date.now() - this.#lostSeatAt;
    if (seated(this.#store.now) && (this.#call?.healthy || lostFor < patience)) {
      this.#seatTimer = setTimeout(() => this.take(), FULL_RETRY);
    } else {
      this.#onRefused(notice);
    }
  }

  // Whether the call that there was is the one that there is: then only what is due is said.
  #goesOn() {
    if (!this.#resuming || !this.#call?.resumable) return false;
    if (this.#due) this.#renew();
    else if (!this.#call.healthy) this.#repairAfter(BREAK_GRACE);
    return true;
  }

  #waitAlone() {
    clearTimeout(this.#timer);
    this.#call?.close();
    this.#call = null;
    this.#alone = true;
    this.#early = this.#due = this.#away = false;
    this.#repairs = 0;
    clearTimeout(this.#awayTimer);
    // One change: that nobody is awaited any more is not to be announced as a return.
    this.#store.set({ phase: 'waiting', peer: null, peerPicture: false, peerAway: false, blocked: false, slow: false });
  }

  // Somebody sits opposite, and is there.
  #hear() {
    this.#heard = true;
    this.#alone = false;
    this.#otherIsAway(false);
  }

  #otherIsAway(away) {
    this.#away = away;
    clearTimeout(this.#awayTimer);
    const show = () => this.#store.set({ peerAway: away });
    if (away && this.#call?.healthy) this.#awayTimer = setTimeout(show, AWAY_GRACE);
    else if (this.#store.now.peerAway !== away) show();
  }

  // This side has changed: the other is to hear of it, now or as soon as they can.
  #renew(now = false) {
    this.#early = false;
    this.#due = true;
    if (!this.#canTalk) return;
    if (!this.#creator) this.#sayReady();
    else if (now || !this.#call?.awaitsAnswer || Date.now() - this.#offeredAt > CONNECT_PATIENCE) this.#callAgain();
  }

  get #canTalk() {
    return !this.#away && this.#socket.connected && this.#store.now.link === 'up';
  }

  #sayReady() {
    this.#socket.emitSurely('ready', this.room);
    this.#repairAfter(ANSWER_PATIENCE);
  }

  // A description was worked off, of the call that there still is (else false). One that was connected
  // all along, and so reports nothing, counts as mended from here on.
  async #negotiated(work) {
    const call = this.#call;
    await work;
    if (call !== this.#call) return false;
    if (call.healthy && !call.awaitsAnswer) this.#repairs = 0;
    return true;
  }

  // The call that there is, mended, if that may help; else a new one.
  #callAgain() {
    if (!this.#call?.mendable || this.#repairs > MENDS) return this.#makeCall();
    this.#due = false;
    this.#offeredAt = Date.now();
    this.#call.mend();
    this.#repairAfter(CONNECT_PATIENCE);
  }

  #makeCall() {
    this.#early = this.#due = false;
    this.#offeredAt = Date.now();
    this.#newCall();
    this.#call.offer();
    this.#repairAfter(CONNECT_PATIENCE);
  }

  #newCall() {
    this.#call?.close();
    this.#stranger = false;
    if (this.#store.now.phase !== 'away') this.#store.set({ phase: 'connecting' });
    this.#call = new Call({
      iceServers: () => this.#settings.iceServers,
      media: this.#media,
      send: (name, value) => this.#socket[name === 'offer' ? 'emitSurely' : 'emit'](name, value, this.room),
      on: {
        stream: (peer) => this.#store.set({ peer }),
        picture: (peerPicture) => this.#store.set({ peerPicture }),
        state: (state) => this.#callIs(state),
      },
    });
  }

  #callIs(state) {
    if (state === 'connected') {
      this.#repairs = 0;
      this.#store.set({ phase: 'call', slow: false });
    } else if (state === 'disconnected') {
      this.#store.set({ phase: 'away' });
      this.#repairAfter(BREAK_GRACE);
    } else if (state === 'foreign') {
      this.#stranger = this.#call.healthy; // they took the seat before who we talk to was back
      if (this.#stranger) this.#call.withdraw();
      else this.#makeCall();
    } else if (state === 'failed') {
      this.#repairAfter(this.#repairs ? 1000 : 0); // at once, but never in a tight loop
    } else if (state === 'closed') {
      this.#repairAfter(HANGUP_GRACE);
    }
  }

  #repairAfter(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#repair(), ms * 1.5 ** Math.min(this.#repairs, 4));
  }

  // The call does not come about, or broke, or an offer was lost. Without a line there is nobody to
  // tell: taking the seat again starts over.
  #repair() {
    clearTimeout(this.#timer);
    if (this.#alone) return this.#waitAlone();
    const call = this.#call;
    if (call?.healthy && !this.#due && !call.awaitsAnswer) return;
    if (!call?.healthy && this.#store.now.phase === 'call') this.#store.set({ phase: 'away' });
    if (!this.#canTalk) return;
    // A server that was started anew cannot know whom we wait for: in the end it is for the next one.
    if (this.#creator && !this.#heard && (call?.hungUp || this.#repairs > MENDS)) return this.#waitAlone();
    this.#repairs += 1;
    if (this.#repairs > 1 && !call?.healthy) this.#store.set({ slow: true });
    if (this.#creator) this.#callAgain();
    else this.#sayReady();
  }
}
