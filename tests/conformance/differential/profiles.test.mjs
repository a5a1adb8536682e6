// What each reference server does, by the table of its profile: so that a suite of others that runs
// against ours meets the server it was written for.
import { differential } from "../support/differential.mjs";
import { packet } from "../support/probe.mjs";

const holder = (num) => ({ _placeholder: true, num });
const BYTES = Buffer.from("asdfasdf");
const DATE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** Receives `count` frames; dates and offsets as such. */
async function frames(socket, count) {
  const all = [];
  while (all.length < count) all.push(await socket.receive());
  return all.map((frame) =>
    typeof frame === "string"
      ? frame.replace(DATE, "<date>").replace(/^(4[25](?:\d+-)?\[.*)"[^"]+"\]$/s, '$1"<offset>"]')
      : frame,
  );
}

differential("differential: profile sio5", "sio5", (script) => {
  script("sio5: auth, message and message-with-ack", async (wire) => {
    for (const connect of ["40", '40{"a":1}', '40/custom,{"b":[2]}', "40/other"]) {
      const socket = await wire.opened();
      socket.send(connect);
      wire.say(connect, await frames(socket, connect === "40/other" ? 1 : 2));
    }
    const socket = await wire.member();
    await socket.receive();
    socket.send('42["message",1,"2",{"3":[true]}]');
    wire.say("message", await frames(socket, 1));
    socket.send('42["message"]');
    wire.say("without arguments", await frames(socket, 1));
    socket.send(`452-["message",${JSON.stringify(holder(0))},${JSON.stringify(holder(1))}]`);
    for (const bytes of [[1, 2, 3], [4, 5, 6]]) socket.send(Buffer.from(bytes));
    wire.say("binary", await frames(socket, 3));
    socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    wire.say("ack", await frames(socket, 1));
    socket.send(`452-789["message-with-ack",${JSON.stringify(holder(0))},${JSON.stringify(holder(1))}]`);
    for (const bytes of [[1, 2, 3], [4, 5, 6]]) socket.send(Buffer.from(bytes));
    wire.say("binary ack", await frames(socket, 3));
  });
});

differential("differential: profile interop", "interop", (script) => {
  script("interop: hello, echo, bin, ackme, kick and deny", async (wire) => {
    for (const namespace of ["/", "/custom"]) {
      const socket = await wire.member(namespace, { token: "ä" });
      const send = (event, ack) => socket.send(packet("2", namespace, event, ack));
      wire.say("hello", await socket.receive());
      send(["echo", 1, "ä", null], 4);
      wire.say("echo", [await socket.receive(), await socket.receive()]);
      send(["ackme"]);
      wire.say("question", await socket.receive());
      socket.send(packet("3", namespace, [{ a: 1 }], 0));
      wire.say("answer", await socket.receive());
      send(["kick"]);
      wire.say("kick", await socket.receive());
    }
    const socket = await wire.opened();
    socket.send("40/deny");
    wire.say("deny", await socket.receive());
  });
});

differential("differential: profile socketio-client", "socketio-client", (script) => {
  script("socketio-client: the events of the main namespace", async (wire) => {
    const socket = await wire.member();
    const events = [
      [["hi"], 1], [["getDate"], 1], [["getDateObj"], 1], [["getUtf8"], 5], [["false"], 1],
      [["doge"], 2], [["getbin"], 2],
    ];
    for (const [event, count] of events) {
      socket.event(event);
      wire.say(event[0], await frames(socket, count));
    }
    socket.event(["echo", null], 0);
    wire.say("echo", await frames(socket, 1));
    socket.event(["getAckDate", 1], 1);
    wire.say("getAckDate", await frames(socket, 1));
    socket.event(["getId"], 2);
    wire.say("getId", await frames(socket, 1));
    socket.event(["ack"]);
    const [question] = await frames(socket, 1);
    wire.say("ack", question);
    socket.send(packet("3", "/", [5, { test: true }], /\d+(?=\[)/.exec(question.slice(2))[0]));
    wire.say("got it", await frames(socket, 1));
  });

  script("socketio-client: binary that comes in", async (wire) => {
    const socket = await wire.member();
    for (const [event, ...more] of [["buffa"], ["abuff1"], ["abuff2", 1]]) {
      socket.send(more.length ? packet("2", "/", [event, ...more]) : `451-["${event}",${JSON.stringify(holder(0))}]`);
      if (!more.length) socket.send(BYTES);
      if (event !== "abuff1") wire.say(event, await frames(socket, 1));
    }
    const jsonbuff = ["jsonbuff", { hello: "lol", message: holder(0), goodbye: "gotcha" }];
    socket.send(`451-${JSON.stringify(jsonbuff)}`);
    socket.send(BYTES);
    wire.say("jsonbuff", await frames(socket, 1));
  });

  script("socketio-client: its namespaces and refusals", async (wire) => {
    const names = ["/foo", "/timeout_socket", "/valid", "/asd", "/no", "/invalid", "/timeout", "/bar", "/room1"];
    for (const name of names) {
      const socket = await wire.opened();
      socket.send(`40${name}`);
      wire.say(name, await socket.receive());
    }
    const foo = await wire.member("/foo");
    foo.event(["getId"], 0);
    wire.say("getId", await foo.receive());
    const refused = await wire.opened("EIO=4&transport=websocket&fail=true");
    refused.send("40");
    wire.say("fail in the query", await refused.receive());
  });

  script("socketio-client: the handshake it tells", async (wire) => {
    const socket = await wire.opened("EIO=4&transport=websocket&c=d&a=b&%26a=%26%3D%3Fa");
    socket.send('40{"token":1}');
    await socket.receive();
    socket.send('421["getHandshake"]');
    const [{ query, auth }] = JSON.parse((await socket.receive()).slice("431".length));
    const { c, a, "&a": odd } = query;
    wire.say("handshake", { c, a, odd, auth });
  });
});

differential("differential: profile engineio-client", "engineio-client", (script) => {
  script("engineio-client: hi, what it gives, and echo", async (wire) => {
    const socket = await wire.opened();
    wire.say("hi", await socket.receive());
    for (const frame of ["4give binary", "4give utf8", "4x", Buffer.from([1, 2])]) {
      socket.send(frame);
      wire.say(`to ${frame}`, await socket.receive());
    }
  });

  script("engineio-client: its limit of 100 bytes, and who is denied", async (wire) => {
    const session = await wire.session();
    wire.say("100", await session.post(`4${"x".repeat(99)}`));
    const { status, body } = await wire.post(session.query, `4${"x".repeat(100)}`);
    wire.say("101", { status, body });
    const socket = await wire.opened();
    await socket.receive();
    socket.send(`4${"x".repeat(100)}`);
    wire.say("101 over WebSocket", await socket.receive());
    wire.say("denied", await wire.get("EIO=4&transport=polling&deny=1"));
  });
});
