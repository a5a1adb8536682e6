// Goodbyes that must arrive: a room that was left while the line was down, or seemed to be up, is left
// again by the next one. Until then the server would hold the seat, and the other person wait.

import { PAGE } from './seatkey.js';

export class Goodbyes {
  #socket;
  #unheard = new Set(); // rooms

  constructor(socket) {
    this.#socket = socket;
  }

  say(room) {
    this.#unheard.add(room);
    this.#send(room);
  }

  // By a new line, before anything else is said: the seat is another socket's, so it says which page it is.
  repeat() {
    for (const room of this.#unheard) this.#send(room, { page: PAGE });
  }

  #send(...args) {
    this.#socket.emit('leave', ...args, () => this.#unheard.delete(args[0]));
  }
}
