// The same room server on the official `socket.io`, as directly as its documentation would have it:
// Express for the page's files, rooms and `to`.
//
//   node server.mjs [--ping-interval=MS] [--ping-timeout=MS] [--public=DIRECTORY]
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import express from "express";
import { Server } from "socket.io";

const { values } = parseArgs({
  options: {
    "ping-interval": { type: "string", default: "25000" },
    "ping-timeout": { type: "string", default: "20000" },
    public: { type: "string", default: "." },
  },
});

const app = express();
app.use(express.static(values.public));
const http = createServer(app);
const io = new Server(http, {
  pingInterval: Number(values["ping-interval"]),
  pingTimeout: Number(values["ping-timeout"]),
});

io.on("connection", (socket) => {
  socket.on("join", (room) => {
    const seated = io.sockets.adapter.rooms.get(room)?.size ?? 0;
    if (seated > 1) {
      socket.emit("full");
      return;
    }
    socket.join(room);
    socket.emit(seated === 0 ? "created" : "joined");
  });
  socket.on("ready", (room) => socket.to(room).emit("ready"));
  socket.on("leave", (room) => {
    socket.leave(room);
    socket.to(room).emit("leave");
  });
  for (const event of ["candidate", "offer", "answer"]) {
    socket.on(event, (argument, room) => socket.to(room).emit(event, argument));
  }
});

http.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});
