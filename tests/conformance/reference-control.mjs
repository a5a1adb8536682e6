// The reference servers on the official npm packages: the control of the differential tests.
//
//   node reference-control.mjs PROFILE [--port N] [--options JSON] [--eio3]
//
// prints `http://127.0.0.1:PORT` as its first line (port 0, the default, picks one), and at SIGTERM
// closes as `io.close()` does and exits with 0. `--options` is an object with the official names
// of options, laid over the profile's own; `reference/options.mjs` lists them. `--eio3` is short
// for `{"allowEIO3":true}`. The profiles: eio4, eio3 and engineio-client are servers of Engine.IO
// alone (`reference/engine.mjs`); sio5, interop and socketio-client are small servers of Socket.IO
// (`reference/socket.mjs`, `reference/client.mjs`); `wire` is for whatever these do not reach. Any
// path that is not the engine's is answered with 404 and no body.
//
// The contract of `wire` (path /socket.io/, all options at their defaults)
//
// Every first response of a session has the header `x-first: 1`, every response of the engine
// (polls, posts, 101) has `x-every: 1`; refusals have neither.
//
// Namespaces
//   /           accepts.
//   /dyn-N      by the expression ^\/dyn-\d+$; the parent's middleware refuses auth {"deny":1}
//               with the message `nope`.
//   /gate-NAME  by a predicate that decides in a later turn: the name begins with /gate- and auth
//               has {"pass":1}; any other is an invalid namespace.
//   /pub-N      by the expression ^\/pub-\d+$; here there is one event more, `publish ...`, which
//               emits `published` ... to all sockets of all of them, by an emit of the parent.
//   /mw         two steps. The first refuses auth {"deny":1} with the message `nope`, {"deny":2}
//               with `nope` and the data {"code":7}. The second puts the socket into the room that
//               the auth has as `room`, if any, and then refuses {"deny":3} with `nope`.
//               (The number or its text: the auth of a version 2 client is text.)
//   /slow       one step that waits: it accepts when somebody on `/`, which has this event more,
//               sends `release` with the text that the auth has as `key`. A socket that connects
//               is told to the room `watchers` of `/` by the event `slow` with that key.
// All of them serve what follows. On connect: auth {"greet":1} gets `hello` with the text `first`,
// and a recovered socket gets `recovered` with its rooms and its data.
//
// "Rooms of a socket" are its rooms in order of code units, without the one that is its own id.
// A list of rooms may be empty. Every event may ask for an ack, which comes after what the event
// does and is empty unless something else is said here.
//   join ROOMS           joins a room or a list; acks the rooms of the socket, and whether it is in
//                        the room of its own id.
//   leave ROOM           leaves one; acks the same.
//   cast HOW NAME ...    emits NAME ... to others: HOW is an object with the lists `to` and `except`
//                        (rooms or ids; no `to` is all of the namespace) and `all` (the sender
//                        too), `volatile`, `local`, all of them optional.
//   volatile N           emits `v` with 1, then 2, up to N to the sender, each volatile.
//   mixed BINARY         emits `kept`, then, volatile, `lost` with BINARY, then `kept` once more.
//   ask HOW ...          emits `question` ... to the sender and asks for an ack; HOW is an object, in
//                        it perhaps `ms`, a time-out. Then emits `answered` with null or the error's
//                        message, and the answer's arguments.
//   askAll HOW ...       the same to all sockets in the rooms `to` of HOW (without: all of the
//                        namespace), with the time-out `ms`. Then emits `answers` to the sender with
//                        null or the error's message, and the list of first arguments that came.
//   twice                acks 1, and then once more, with 2.
//   picture              emits `picture` with the bytes 00 01 FE FF and {"name":"dot","parts":[1, the
//                        same bytes, no bytes]}.
//   big N COMPRESS       emits `big` with a text of N times x; without compression if COMPRESS is false.
//   set KEY VALUE        keeps VALUE (text or number) in the data of the socket.
//   get KEY              acks it (null if there is none).
//   auth                 acks the auth of the socket's handshake.
//   end CLOSE ROOM       emits `bye`, disconnects the socket (CLOSE true: and its connection), then
//                        joins ROOM if it is given. No ack.
//   endAll ROOMS CLOSE   acks first. Then disconnects all sockets in ROOMS; CLOSE as above.
//   move ROOMS JOIN LEAVE  makes all sockets in ROOMS join the rooms JOIN, and then leave LEAVE (lists).
//   fetch ROOMS          acks how many sockets there are in ROOMS (none: in the namespace), and the list
//                        of the rooms of each (in the order of their JSON).
//   watch                joins the room `watchers`.
//   any other            NAME ... is emitted back as `any` NAME ... by a catch-all listener; if an
//                        ack is asked for, it is acked with ... as well, binary included. A NAME
//                        that is a number is its text. An event without a payload has no NAME,
//                        and gets nothing.
// When a socket leaves, those in the room `watchers` of its namespace get `gone` with its id,
// `disconnecting`, the reason and its rooms, and then `gone` with its id, `disconnect`, the reason
// and its rooms, none by then.
import { serve } from "./reference/serve.mjs";

const { url, close } = await serve(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(2);
});
console.log(url);
process.once("SIGTERM", () => close(() => process.exit(0)));
