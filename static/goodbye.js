// Goodbyes that must arrive: a room that was left while the line was down, or seemed to be up, is left
// again by the next one. Until then the server would hold the seat, and the other person wait.

import { PAGE } from './seatkey.js';

export class Goodbyes {
  #socket;
  #unheard = new Map(); // room -> number of the latest goodbye to it
  #number = 0;

  constructor(socket) {
    this.#socket = socket;
  }

  say(room) {
    this.#unheard.set(room, ++this.#number);
    this.#send(room);
  }

  // By a new line, before anything else is said: the seat is another socket's, so it says which page it is.
  repeat() {
    for (const room of this.#unheard.keys()) this.#send(room, { page: PAGE });
  }

  #send(room, ...how) {
    const number = this.#unheard.get(room);
    this.#socket.emit('leave', room, ...how, () => {
      if (this.#unheard.get(room) === number) this.#unheard.delete(room); // else it was left once more
    });
  }
}
