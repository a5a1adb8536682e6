// People on the hosts of a network of our own: `person.mjs` on each, spoken to through its pipes.

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { PORT } from '../network/programs.mjs';

const PROGRAM = fileURLToPath(new URL('person.mjs', import.meta.url));
const PATIENCE = 30_000; // ms; a bad link needs some of it

export const freshKey = () => randomBytes(16).toString('hex');
export const RESUME = { resume: true };

export class Person {
  /** Somebody on `host` who has connected to `server`; with a key if one is given. */
  static async comes(host, server, key) {
    const person = new Person();
    const words = [PROGRAM, `http://${server.address}:${PORT}`, ...(key ? [key] : [])];
    person.program = host.start(process.execPath, words, { env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'pipe'] });
    await person.hears('(connected)');
    return person;
  }

  say(...event) {
    this.program.child.stdin.write(`${JSON.stringify(event)}\n`);
  }

  /** Emits, and waits for the answer. */
  async ask(...event) {
    this.program.mark();
    this.say(...event);
    const [, answer] = await this.program.says(/^\["\(ack\)",(.*)\]$/m, PATIENCE);
    return JSON.parse(answer);
  }

  /** Waits until an event of this name has come since the last mark; its arguments. */
  async hears(name) {
    const event = new RegExp(`^${JSON.stringify([name]).slice(0, -1).replaceAll(/[[\]()]/g, '\\$&')}(?:,(.*))?\\]$`, 'm');
    const [, rest] = await this.program.says(event, PATIENCE);
    return JSON.parse(`[${rest ?? ''}]`);
  }

  /** What is heard from here on counts. */
  mark() {
    this.program.mark();
  }

  /** All events of a name so far, in order. */
  heard(name) {
    const events = this.program.output.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    return events.filter(([what]) => what === name).map(([, ...rest]) => rest);
  }
}

/** The words of a whole call between two people who sit in `room`, with so many candidates each way. */
export async function callOf(creator, joiner, room, candidates) {
  const sdp = 'v=0\r\n' + 'a=candidate-line\r\n'.repeat(150);
  joiner.say('ready', room);
  await creator.hears('ready');
  creator.say('offer', { type: 'offer', sdp }, room);
  await joiner.hears('offer');
  joiner.say('answer', { type: 'answer', sdp }, room);
  for (let number = 0; number < candidates; number += 1) {
    creator.say('candidate', number, room);
    joiner.say('candidate', number, room);
  }
  for (const person of [creator, joiner]) person.say('candidate', 'last', room);
  await Promise.all([creator, joiner].map((person) => person.program.says(/^\["candidate","last"\]$/m, PATIENCE)));
  return [creator, joiner].map((person) => person.heard('candidate').map(([value]) => value));
}
