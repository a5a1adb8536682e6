// The reference server that the tests of the official socket.io-client expect.
import { Server } from "socket.io";
import { closing } from "./socket.mjs";

/** So that a client with a time-out of 0 always gives up before it is let in. */
const HANDSHAKE_DELAY_MS = 10;
const UTF8 = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"];
const BYTES = Buffer.from("asdfasdf");

export function client(http, { allowRequest, ...options }) {
  const io = new Server(http, {
    pingInterval: 2000,
    connectionStateRecovery: {},
    allowRequest: (request, decide) =>
      setTimeout(() => {
        if (allowRequest) allowRequest(request, decide);
        else decide(null, true);
      }, HANDSHAKE_DELAY_MS),
    ...options,
  });
  io.use((socket, next) =>
    next(socket.handshake.query.fail ? new Error("Auth failed (main namespace)") : undefined),
  );
  io.on("connection", (socket) => {
    greetings(socket);
    binary(socket);
  });
  io.of("/foo").on("connection", (socket) => socket.on("getId", (ack) => ack(socket.id)));
  for (const name of ["/timeout_socket", "/valid", "/asd"]) io.of(name);
  io.of("/abc").on("connection", (socket) => socket.emit("handshake", socket.handshake));
  io.of("/no").use((socket, next) => next(new Error("Auth failed (custom namespace)")));
  return closing(io);
}

function greetings(socket) {
  const date = () => new Date().toISOString();
  socket.on("hi", () => socket.emit("hi"));
  socket.on("echo", (value, ack) => ack(value));
  socket.on("ack", () =>
    socket.emit("ack", (number, object) => {
      if (number === 5 && object?.test === true) socket.emit("got it");
    }),
  );
  socket.on("getAckDate", (value, ack) => ack(date()));
  socket.on("getDate", () => socket.emit("takeDate", date()));
  socket.on("getDateObj", () => socket.emit("takeDateObj", { date: date() }));
  socket.on("getUtf8", () => UTF8.forEach((text) => socket.emit("takeUtf8", text)));
  socket.on("false", () => socket.emit("false", false));
  socket.on("getHandshake", (ack) => ack(socket.handshake));
  socket.on("getId", (ack) => ack(socket.id));
}

function binary(socket) {
  const isJson = (value) =>
    value?.hello === "lol" && Buffer.isBuffer(value.message) && value.goodbye === "gotcha";
  socket.on("doge", () => socket.emit("doge", BYTES));
  socket.on("getbin", () => socket.emit("takebin", BYTES));
  for (const [event, answer] of [["buffa", "buffack"], ["blob", "back"]]) {
    socket.on(event, (value) => Buffer.isBuffer(value) && socket.emit(answer));
  }
  for (const event of ["jsonbuff", "jsonblob"]) {
    socket.on(event, (value) => isJson(value) && socket.emit(`${event}-ack`));
  }
  let cameFirst = false;
  socket.on("abuff1", (value) => (cameFirst = Buffer.isBuffer(value)));
  socket.on("abuff2", () => cameFirst && socket.emit("abuff2-ack"));
  let came = [];
  socket.on("blob1", (value) => (came = Buffer.isBuffer(value) ? [1] : []));
  socket.on("blob2", (value) => value === "second" && came.push(2));
  socket.on("blob3", (value) => {
    if (Buffer.isBuffer(value) && came.join() === "1,2") socket.emit("blob3-ack");
  });
}
