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
// Repair: only the creator ever offers. When a call breaks, the creator offers again and the joiner
// says `ready` again, each after growing pauses: first to find another way for the call that there
// is, then for a new one. While the other is away nobody would hear it. After a lost link the seat
// is taken again, and a call that still works is left alone, whoever has which role then.

import { Call } from './call.js';
import { chimeJoined, chimeLost } from './chime.js';
import { seated, withPeer } from './state.js';

const ANSWER_PATIENCE = 5000;   // ms for an offer after `ready`: the other may be at its camera prompt
const CONNECT_PATIENCE = 12000; // ms for a call to connect once offered
const SAME_WISH = 3000;         // ms in which a second `ready` asks for what is on its way already
const HANGUP_GRACE = 1000;      // ms for the `leave` that belongs to a connection closed by the other
const BREAK_GRACE = 2000;       // ms in which a call that broke may come back by itself
const MENDS = 2;                // tries to mend a call before a new one is made
const FULL_RETRY = 3000;        // ms between tries to get our own seat back
const FULL_PATIENCE = 60000;    // ms until the server must have noticed that our old line is dead

export class Seat {
  #socket; #store; #media; #settings;
  #call = null;
  #creator = false;
  #alone = true;
  #away = false;    // the other's line is lost: there is nobody to say something to
  #early = false;   // a `ready` that came before there was a stream to answer it with
  #prompt = false;  // the browser is asking for a device
  #again = false;   // a device came while an offer was out: call again once it is answered
  #asked = false;   // we have a seat, or will have one before a `leave` could arrive
  #offeredAt = 0;
  #repairs = 0;
  #timer;           // repair of the call
  #seatTimer;       // next try for a seat that is still taken by our own dead line
  #lostSeatAt = 0;
  #onRefused;

  constructor({ room, media, settings, socket, store, onRefused }) {
    this.room = room;
    this.#media = media;
    this.#settings = settings;
    this.#socket = socket;
    this.#store = store;
    this.#onRefused = onRefused;
    media.onEnded = () => this.#showDevices();
    this.#showDevices();
  }

  // Asks for the seat: at first, and again whenever the link is back.
  take() {
    clearTimeout(this.#seatTimer);
    this.#asked = true;
    const how = this.#call?.healthy ? [{ resume: true }] : [];
    this.#socket.emit('join', this.room, ...how, (answer) => {
      const error = answer?.error;
      if (error && error.code !== 'full') this.#onRefused({ kind: 'refused', text: error.message });
    });
  }

  // The link is down. What was offered is not answered any more; the call itself goes on.
  linkLost() {
    clearTimeout(this.#timer);
    clearTimeout(this.#seatTimer);
    this.#offeredAt = 0;
    this.#lostSeatAt ||= Date.now();
  }

  // The network has changed: the way that the call takes may be gone, which shows late by itself.
  networkChanged() {
    if (!this.#call || this.#alone || !this.#socket.connected) return;
    if (this.#creator) this.#callAgain();
    else this.#sayReady();
  }

  // Who has no seat says nothing: the original's server would pass a stranger's `leave` on.
  leave() {
    if (this.#asked) this.#socket.emit('leave', this.room);
    clearTimeout(this.#timer);
    clearTimeout(this.#seatTimer);
    this.#call?.close();
    this.#media.stop();
  }

  // --- What the server says -------------------------------------------------------------------

  created() {
    this.#seated(true);
    if (!this.#call?.healthy) this.#waitAlone();
  }

  joined() {
    this.#seated(false);
    if (this.#call?.healthy) return;
    this.#store.set({ phase: 'connecting' });
    this.#sayReady();
  }

  full() {
    this.#asked = false;
    const { now } = this.#store;
    const since = this.#lostSeatAt && Date.now() - this.#lostSeatAt;
    if (seated(now) && (this.#call?.healthy || since < FULL_PATIENCE)) {
      this.#seatTimer = setTimeout(() => this.take(), FULL_RETRY);
    } else {
      this.#onRefused({ kind: 'full', room: this.room });
    }
  }

  ready() {
    if (!this.#creator) return;
    if (this.#alone) chimeJoined();
    this.#alone = this.#away = false;
    // Nothing to show yet, but the browser is asking: wait for that, unless they ask a second time.
    if (this.#prompt && !this.#early && !this.#media.stream.getTracks().length) this.#early = true;
    else if (!this.#call?.awaitsAnswer || Date.now() - this.#offeredAt > SAME_WISH) this.#callAgain();
  }

  offer(offer) {
    if (this.#creator) return;
    this.#alone = this.#away = false;
    if (!this.#call?.knows(offer)) this.#newCall();
    this.#call.accept(offer);
    this.#repairAfter(CONNECT_PATIENCE);
  }

  async answer(answer) {
    const call = this.#call;
    await call?.take(answer);
    if (this.#again && call === this.#call) this.#makeCall();
  }

  candidate(candidate) {
    this.#call?.candidate(candidate);
  }

  'peer-away'() {
    this.#away = true;
    if (!this.#call?.healthy) this.#store.set({ phase: 'away' });
  }

  'peer-back'() {
    this.#away = false;
    if (this.#call?.healthy) this.#store.set({ phase: 'call' });
    else this.#repairAfter(0);
  }

  'taken-over'() {
    this.#asked = false;
    this.#onRefused({ kind: 'taken', room: this.room });
  }

  left() {
    if (withPeer(this.#store.now)) chimeLost();
    this.#creator = true;
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
    if (this.#early) this.#makeCall();
    else if (!track || this.#alone || this.#call?.replace(track)) return;
    else if (!this.#creator) this.#sayReady();
    else if (this.#call?.awaitsAnswer && Date.now() - this.#offeredAt < CONNECT_PATIENCE) this.#again = true;
    else this.#makeCall();
  }

  #showDevices() {
    const { stream, microphone, camera } = this.#media;
    this.#store.set({ own: stream, microphone, camera });
  }

  // --- The call -------------------------------------------------------------------------------

  #seated(creator) {
    this.#creator = creator;
    this.#alone = creator;
    this.#away = false; // or it is said next
    this.#lostSeatAt = 0;
    this.#repairs = 0;
    this.#store.set({ link: 'up' });
  }

  #waitAlone() {
    clearTimeout(this.#timer);
    this.#call?.close();
    this.#call = null;
    this.#alone = true;
    this.#away = this.#early = this.#again = false;
    this.#repairs = 0;
    this.#store.set({ phase: 'waiting', peer: null, peerPicture: false, blocked: false, slow: false });
  }

  #sayReady() {
    this.#socket.emit('ready', this.room);
    this.#repairAfter(ANSWER_PATIENCE);
  }

  // The call that there is over another way, if that may help; else a new one.
  #callAgain() {
    if (!this.#call?.mendable || this.#repairs > MENDS) return this.#makeCall();
    this.#offeredAt = Date.now();
    this.#call.mend();
    this.#repairAfter(CONNECT_PATIENCE);
  }

  #makeCall() {
    this.#early = this.#again = false;
    this.#offeredAt = Date.now();
    this.#newCall();
    this.#call.offer();
    this.#repairAfter(CONNECT_PATIENCE);
  }

  #newCall() {
    this.#call?.close();
    if (this.#store.now.phase !== 'away') this.#store.set({ phase: 'connecting' });
    this.#call = new Call({
      iceServers: this.#settings.iceServers,
      media: this.#media,
      send: (name, value) => this.#socket.emit(name, value, this.room),
      on: {
        stream: (peer) => this.#store.set({ peer }),
        picture: (peerPicture) => this.#store.set({ peerPicture }),
        state: (state) => this.#callIs(state),
      },
    });
  }

  #callIs(state) {
    if (state === 'connected') {
      clearTimeout(this.#timer);
      this.#repairs = 0;
      this.#store.set({ phase: 'call', slow: false });
    } else if (state === 'disconnected') {
      this.#store.set({ phase: 'away' });
      this.#repairAfter(BREAK_GRACE);
    } else if (state === 'foreign') {
      this.#makeCall();
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

  // The call does not come about, or broke. Without a link there is nobody to tell: taking the
  // seat again starts over.
  #repair() {
    clearTimeout(this.#timer);
    if (this.#alone) return this.#waitAlone();
    if (this.#call?.healthy) return;
    if (this.#store.now.phase === 'call') this.#store.set({ phase: 'away' });
    if (this.#away || !this.#socket.connected || this.#store.now.link !== 'up') return;
    this.#repairs += 1;
    if (this.#repairs > 1) this.#store.set({ slow: true });
    if (this.#creator) this.#callAgain();
    else this.#sayReady();
  }
}
