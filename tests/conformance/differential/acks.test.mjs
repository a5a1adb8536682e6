// Acks both ways with their time-outs, volatile events, and what is sent when.
import { differential } from "../support/differential.mjs";
import { packet } from "../support/probe.mjs";

const bytes = (...values) => Buffer.from(values);

differential("differential: acks that the client asks for", "wire", (script) => {
  script("an ack has its arguments, or an empty list", async (wire) => {
    const socket = await wire.member();
    wire.say("none", await socket.ask(["x"], 0));
    wire.say("some", await socket.ask(["x", 1, "two", null, { a: [] }], 12));
    wire.say("without an id", (socket.event(["x", 1]), await socket.receive()));
    const named = await wire.member("/mw");
    wire.say("in a namespace", await named.ask(["x", 1], 3));
  });

  script("an ack is sent once", async (wire) => {
    const socket = await wire.member();
    socket.event(["twice"], 1);
    wire.say("first", await socket.receive());
    wire.say("next", await socket.ask(["x"], 2));
  });

  script("binary in an ack", async (wire) => {
    const socket = await wire.member("/mw");
    socket.send('451-/mw,21["x",{"_placeholder":true,"num":0}]');
    socket.send(bytes(1, 2));
    const frames = [];
    while (frames.length < 4) frames.push(await socket.receive());
    wire.say("frames", frames);
  });
});

differential("differential: acks that the server asks for", "wire", (script) => {
  /** Two members of a namespace of their own, in one room. */
  const couple = async (wire) => {
    const namespace = wire.namespace();
    const members = [await wire.member(namespace), await wire.member(namespace)];
    for (const member of members) await member.ask(["join", "room"], 0);
    return { namespace, members };
  };

  script("ids come from one counter for the namespace", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    for (const [socket, id] of [[one, 0], [two, 1], [one, 2]]) {
      socket.event(["ask", {}, "how", { are: "you" }]);
      wire.say("question", await socket.receive());
      socket.send(packet("3", namespace, [`answer ${id}`, id], id));
      wire.say("answered", await socket.receive());
    }
  });

  script("another namespace counts for itself", async (wire) => {
    for (const which of [1, 2]) {
      const socket = await wire.member(wire.namespace(which));
      socket.event(["ask", {}]);
      wire.say("question", await socket.receive());
    }
  });

  script("an answer with binary, and one with nothing", async (wire) => {
    const { namespace, members: [one] } = await couple(wire);
    one.event(["ask", {}]);
    wire.say("question", await one.receive());
    one.send(`461-${namespace},0[{"_placeholder":true,"num":0},"text"]`);
    one.send(bytes(9, 8));
    wire.say("answered", [await one.receive(), await one.receive()]);
    one.event(["ask", {}]);
    wire.say("question", await one.receive());
    one.send(packet("3", namespace, [], 1));
    wire.say("answered", await one.receive());
  });

  script("a second answer and another's answer are ignored", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    one.event(["ask", {}]);
    wire.say("question", await one.receive());
    two.send(packet("3", namespace, ["not mine"], 0));
    await two.ask(["x"], 1);
    one.send(packet("3", namespace, ["mine"], 0));
    one.send(packet("3", namespace, ["again"], 0));
    wire.say("answered", await one.receive());
    wire.say("nothing else", await one.ask(["x"], 2));
  });

  script("an answer that does not come in time is an error", async (wire) => {
    const { namespace, members: [one] } = await couple(wire);
    one.event(["ask", { ms: 50 }, "quick"]);
    wire.say("frames", [await one.receive(), await one.receive()]);
    one.send(packet("3", namespace, ["late"], 0));
    wire.say("a late one is ignored", await one.ask(["x"], 1));
  });

  script("an answer in time", async (wire) => {
    const { namespace, members: [one] } = await couple(wire);
    one.event(["ask", { ms: 10_000 }, 1]);
    wire.say("question", await one.receive());
    one.send(packet("3", namespace, ["a", "b"], 0));
    wire.say("answered", await one.receive());
  });

  script("a broadcast asks all with one id", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    one.event(["askAll", { to: ["room"], ms: 10_000 }, "who"]);
    wire.say("one", await one.receive());
    wire.say("two", await two.receive());
    two.send(packet("3", namespace, ["two", "more"], 0));
    await two.ask(["x"], 9);
    one.send(packet("3", namespace, ["one"], 0));
    wire.say("answers", await one.receive());
  });

  script("a broadcast that not all answer in time", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    one.event(["askAll", { to: ["room"], ms: 1000 }]);
    wire.say("two", await two.receive());
    two.send(packet("3", namespace, ["two"], 0));
    wire.say("one", [await one.receive(), await one.receive()]);
    one.send(packet("3", namespace, ["late"], 0));
    wire.say("a late one is ignored", await one.ask(["x"], 1));
  });

  script("a broadcast to nobody is answered at once", async (wire) => {
    const { members: [one] } = await couple(wire);
    one.event(["askAll", { to: ["nobody"], ms: 10_000 }]);
    wire.say("answers", await one.receive());
    one.event(["ask", {}]);
    wire.say("the next id", await one.receive());
  });

  script("a broadcast to one who leaves", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    one.event(["askAll", { to: ["room"], ms: 1000 }]);
    await one.receive();
    await two.receive();
    one.send(packet("3", namespace, ["one"], 0));
    two.close();
    wire.say("answers", await one.receive());
  });

  script("a broadcast with binary answers", async (wire) => {
    const { namespace, members: [one, two] } = await couple(wire);
    one.event(["askAll", { to: ["room"], ms: 10_000 }]);
    await one.receive();
    await two.receive();
    two.send(`461-${namespace},0[{"_placeholder":true,"num":0}]`);
    two.send(bytes(5));
    await two.ask(["x"], 9);
    one.send(packet("3", namespace, [null], 0));
    wire.say("answers", [await one.receive(), await one.receive()]);
  });
});

differential("differential: volatile events", "wire", (script) => {
  script("a volatile event over WebSocket that is free", async (wire) => {
    const socket = await wire.member();
    socket.event(["volatile", 1]);
    wire.say("event", await socket.receive());
  });

  script("volatile events over WebSocket that is busy", async (wire) => {
    const socket = await wire.member();
    wire.say("frames", await socket.ask(["volatile", 3], 1));
    wire.say("and free again", await socket.ask(["volatile", 1], 2));
  });

  script("a volatile event with binary is dropped as a whole", async (wire) => {
    const socket = await wire.member();
    socket.send('451-1["mixed",{"_placeholder":true,"num":0}]');
    socket.send(bytes(1, 2, 3));
    wire.say("frames", await socket.receiveUntil((frame) => String(frame).startsWith("431")));
  });

  script("a volatile event over polling while no poll waits", async (wire) => {
    const session = await wire.joined();
    await session.post('421["volatile",2]');
    wire.say("poll", await session.poll());
  });

  script("a volatile event with binary over polling while no poll waits", async (wire) => {
    const session = await wire.joined();
    await session.post('451-1["mixed",{"_placeholder":true,"num":0}]\u001ebAQID');
    wire.say("poll", await session.poll());
  });

  script("a volatile event over polling while a poll waits", async (wire) => {
    const session = await wire.joined();
    const { poll } = await session.waiting();
    await session.post('42["volatile",2]');
    wire.say("poll", await poll);
    await session.post('421["get","x"]');
    wire.say("next", await session.poll());
  });

  script("a volatile broadcast reaches those who are free", async (wire) => {
    const namespace = wire.namespace();
    const [one, two] = [await wire.member(namespace), await wire.member(namespace)];
    const session = await wire.joined(namespace);
    wire.say("sender", await one.ask(["cast", { volatile: true }, "v", 1], 1));
    wire.say("WebSocket", await two.receive());
    await session.post(`42${namespace},1["get","x"]`);
    wire.say("polling", await session.poll());
  });
});
