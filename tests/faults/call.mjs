// A well-behaved call beside the trouble: two official clients in one room, which relay numbered
// candidates to each other all the time. It must lose nothing, and keep its order.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { couple, freshRoom, next } from '../conformance/support/official.mjs';

const PACE = 5; // ms between two candidates of one sender

export class Call {
  #talking = true;
  #senders;

  /** Two people who talk from now on, one candidate under way in each direction. */
  static async begin(server, { pace = PACE, way = 'websocket' } = {}) {
    const call = new Call();
    call.room = freshRoom();
    call.people = await couple(server, way, call.room);
    call.ends = [];
    for (const person of call.people) person.on('disconnect', (why) => call.ends.push(why));
    const [one, other] = call.people;
    call.#senders = [call.#talk(one, other, pace), call.#talk(other, one, pace)];
    for (const sender of call.#senders) sender.catch(() => {}); // told by `end`
    return call;
  }

  async #talk(from, to, pace) {
    let number = 0;
    while (this.#talking) {
      const heard = next(to, 'candidate', `candidate ${number}`);
      from.emit('candidate', { number, text: 'candidate:1 1 udp 2122260223 192.168.77.2 50000 typ host' }, this.room);
      const [{ number: got }] = await heard;
      assert.equal(got, number, 'the next in order');
      number += 1;
      await pause(pace);
    }
    return number;
  }

  /** Ends it, and gives how many candidates went each way; fails if one was lost or out of order. */
  async end() {
    this.#talking = false;
    try {
      const counts = await Promise.all(this.#senders);
      assert.deepEqual(this.ends, [], 'nobody was disconnected');
      return counts;
    } finally {
      for (const person of this.people) person.disconnect();
    }
  }
}
