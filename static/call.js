// One WebRTC connection to the other person, from the first description to its end.
//
// Stands between seat.js (who calls whom, and when) and RTCPeerConnection. Only the creator ever
// offers, first and again, so two offers cannot cross. An offer of a connection that is known here
// mends it: it looks for new ways between the two devices (an ICE restart), brings in what either
// lacked, and leaves the picture where it is; any other begins a new Call. Clients of another kind make
// a new connection for each offer they get: their answer says so, by another fingerprint, and then this
// side makes a new one as well. They send no number, so they are not asked for more than one.
//
// What belongs to an earlier negotiation is let go: an offer carries a number that the answer brings
// back (a client of another kind sends none), and a candidate names the description it is for.
//
// Order is kept on both sides: what arrives is worked off one by one, candidates that come before
// the remote description wait for it, and own candidates wait until the own description is sent.
//
// Takes { iceServers(), media, send(name, value), on: { stream, picture, state } }; the servers are asked
// for anew whenever they are used, since what they let in by has an end.
// Reports `state` as 'connected' | 'disconnected' | 'failed' | 'closed' (the other side hung up) |
// 'foreign' (an answer of another connection than the one that it is to mend).

let offers = Date.now(); // numbers of other loads of the page are others

export class Call {
  #pc; #media; #send; #on; #iceServers;
  #remote = new MediaStream();
  #work = Promise.resolve();
  #early = [];      // their candidates, until their description is in
  #held = [];       // own candidates, until our description is out; then null
  #number = 0;      // of the offer under way: ours, or the one that is answered
  #knowsNumbers = false; // whether the other side brings them back
  #mended = false;  // whether the offer under way is for the connection that there is
  #transports = new Set();

  constructor({ iceServers, media, send, on }) {
    this.#media = media;
    this.#send = send;
    this.#on = on;
    this.#iceServers = iceServers;
    // One transport for sound and picture: every browser can, and there is one thing to watch.
    const pc = this.#pc = new RTCPeerConnection({ iceServers: iceServers(), bundlePolicy: 'max-bundle' });
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (!candidate?.candidate) return; // the end of candidates is no news on a LAN
      if (this.#held) this.#held.push(candidate);
      else this.#send('candidate', candidate);
    });
    pc.addEventListener('track', ({ track }) => this.#gotTrack(track));
    pc.addEventListener('connectionstatechange', () => this.#report(pc.connectionState));
  }

  // The creator's side: sends the offer. Its tracks, and an open ear for what it lacks itself.
  offer() {
    return this.#then(async (pc) => {
      for (const kind of ['audio', 'video']) {
        const track = this.#media.track(kind);
        if (track) pc.addTrack(track, this.#media.stream);
        else pc.addTransceiver(kind, { direction: 'recvonly' });
      }
      await this.#describe('offer');
    });
  }

  // The creator's side: looks for another way between the two, over which everything goes on, and
  // brings in a camera or microphone that came since.
  mend() {
    return this.#then(async (pc) => {
      this.#mended = true;
      this.#held = [];
      this.#askServers();
      this.#addTracks();
      pc.restartIce();
      await this.#describe('offer');
    });
  }

  // The joiner's side: takes the offer, sends the answer. A kind it lacks becomes receive-only.
  accept(offer) {
    return this.#then(async () => {
      this.#askServers();
      this.#addTracks();
      this.#held ??= [];
      this.#number = offer.number;
      this.#knowsNumbers = offer.number !== undefined;
      await this.#hear(offer);
      await this.#describe('answer');
    });
  }

  // The creator's side again: the answer to the offer. A second one is not ours, nor is one to an
  // earlier offer. Reports `foreign` if it is for a connection that is not this one.
  take(answer) {
    return this.#then(async () => {
      if (!this.awaitsAnswer || (answer.number ?? this.#number) !== this.#number) return;
      if (this.#mended && !this.knows(answer)) return this.#report('foreign');
      this.#knowsNumbers = answer.number !== undefined;
      await this.#hear(answer);
    });
  }

  // The creator's side: takes the offer back, and leaves everything as it was before.
  withdraw() {
    return this.#then(async (pc) => {
      if (this.awaitsAnswer) await pc.setLocalDescription({ type: 'rollback' });
    });
  }

  // Whether a description is of the connection that there is with the other side already.
  knows(description) {
    const known = fingerprint(this.#pc.remoteDescription);
    return Boolean(known) && known === fingerprint(description);
  }

  // Whether it came about once, with somebody who can have it mended.
  get mendable() {
    return this.#knowsNumbers && !this.hungUp;
  }

  candidate(candidate) {
    if (!candidate?.candidate) return; // null or '': some clients announce the end of candidates
    this.#then(async (pc) => {
      if (!pc.remoteDescription) this.#early.push(candidate);
      else if (isFor(pc.remoteDescription, candidate)) await this.#add(candidate);
    });
  }

  // A new camera or microphone in place of one that was sent before: true if no new call is needed.
  replace(track) {
    const sender = this.#pc.getSenders().find((one) => one.track?.kind === track.kind);
    sender?.replaceTrack(track).catch(() => this.#report('failed'));
    return Boolean(sender);
  }

  get awaitsAnswer() {
    return this.#pc.signalingState === 'have-local-offer';
  }

  // Whether media flows, as far as one can know: the other side may have hung up already.
  get healthy() {
    return this.#pc.connectionState === 'connected' && !this.hungUp;
  }

  // Whether it may go on when the line to the server is back: it flows, or stopped a moment ago.
  get resumable() {
    return ['connected', 'disconnected'].includes(this.#pc.connectionState) && !this.hungUp;
  }

  close() {
    this.#on = {};
    this.#send = () => {};
    this.#pc.close();
  }

  // Whether somebody ended it on purpose.
  get hungUp() {
    return this.#pc.connectionState === 'closed' || this.#pc.getSenders().some(({ transport }) => transport?.state === 'closed');
  }

  // One thing after the other. What goes wrong in an open connection is a failed call.
  #then(act) {
    this.#work = this.#work.then(async () => {
      if (this.#pc.signalingState === 'closed') return;
      try {
        await act(this.#pc);
      } catch (error) {
        if (this.#pc.signalingState === 'closed') return;
        console.warn('Parlor: the call could not be made.', error);
        this.#report('failed');
      }
    });
    return this.#work;
  }

  #askServers() {
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: this.#iceServers() });
  }

  #addTracks() {
    const sent = this.#pc.getSenders().map(({ track }) => track);
    for (const track of this.#media.stream.getTracks()) {
      if (!sent.includes(track)) this.#pc.addTrack(track, this.#media.stream);
    }
  }

  async #describe(name) {
    await this.#pc.setLocalDescription();
    if (name === 'offer') this.#number = ++offers;
    const { type, sdp } = this.#pc.localDescription;
    this.#send(name, { type, sdp, number: this.#number });
    for (const candidate of this.#held ?? []) this.#send('candidate', candidate);
    this.#held = null;
    for (const { transport } of this.#pc.getSenders()) {
      if (!transport || this.#transports.has(transport)) continue;
      this.#transports.add(transport);
      transport.addEventListener('statechange', () => {
        if (this.hungUp) this.#report('closed');
      });
    }
  }

  async #hear(description) {
    await this.#pc.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await this.#add(candidate);
  }

  // One bad candidate (of an earlier call, of a kind unknown here) leaves the others.
  #add(candidate) {
    return this.#pc.addIceCandidate(candidate).catch(() => {});
  }

  #gotTrack(track) {
    this.#remote.addTrack(track);
    if (track.kind === 'video') {
      for (const change of ['mute', 'unmute', 'ended']) track.addEventListener(change, () => this.#picture());
    }
    this.#on.stream?.(this.#remote);
    this.#picture();
  }

  #picture() {
    this.#on.picture?.(this.#remote.getVideoTracks().some((track) => !track.muted && track.readyState === 'live'));
  }

  #report(state) {
    this.#on.state?.(state);
  }
}

const fingerprint = (description) => /^a=fingerprint:.*$/m.exec(description?.sdp ?? '')?.[0].trim();

// Not every browser says which description a candidate is for.
const isFor = ({ sdp }, { usernameFragment }) => !usernameFragment || sdp.includes(`a=ice-ufrag:${usernameFragment}`);
