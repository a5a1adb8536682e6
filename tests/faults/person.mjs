// One person with the official client, as a program: it can run on another host (see ../network).
//
//   node person.mjs URL [KEY]     KEY is that of the seat
//
// What happens is printed, an event a line, as JSON: `["ready"]`, and in brackets what is none:
// `["(connected)"]`, `["(disconnected)",why]`, `["(ack)",answer]`. What is to be emitted comes in the
// same way on standard input, and each is answered by an `(ack)`.

import { createInterface } from 'node:readline';
import { open } from '../conformance/support/official.mjs';

const [url, seat] = process.argv.slice(2);
const tell = (...event) => console.log(JSON.stringify(event));

// It looks for a way back soon, so that tests need not wait for one.
const soon = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200, timeout: 2000 };
const socket = open({ url }, 'websocket', { auth: seat ? { seat } : {}, ...soon });
socket.onAny(tell);
socket.on('connect', () => tell('(connected)'));
socket.on('disconnect', (why) => tell('(disconnected)', why));
createInterface({ input: process.stdin }).on('line', (line) => {
  socket.emit(...JSON.parse(line), (answer) => tell('(ack)', answer));
});
socket.connect();
