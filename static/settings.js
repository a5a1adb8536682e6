// What the server tells the page, `/config.json`: its name, its addresses, and ICE servers.
//
// A page may stay open for weeks, and credentials for a relay end after a day. So what is here is
// fetched again when it is old: before joining, before sitting down again after a lost line, and
// now and then while somebody sits in a room (chat.js). A call finds nothing older than an hour.

const PATIENCE = 3000;        // ms
const FRESH = 50 * 60 * 1000; // ms

export class Settings {
  iceServers = [];
  #onChange; #at = -Infinity; #running = null;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  // Settles once what is here is fresh, or cannot be had: a LAN needs no ICE servers, and a lobby
  // no name, so it never rejects.
  fresh() {
    if (Date.now() - this.#at < FRESH) return Promise.resolve();
    return this.#running ??= this.#fetch().catch(() => {}).finally(() => { this.#running = null; });
  }

  async #fetch() {
    const answer = await fetch('/config.json', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    const { iceServers = [], name = null, addresses = [], secureAddress = '' } = await answer.json();
    this.#at = Date.now();
    this.iceServers = iceServers;
    this.#onChange({ device: name, addresses, secureAddress });
  }
}
