// The generations of npm's `socket.io-client`, and what they do in ways of their own.

/** Protocol revisions: Engine.IO 3 came with Socket.IO 1 and 2, Engine.IO 4 with 3 and 4. */
const REVISION_3 = {
  flags: ["--eio3"],
  /** There is no auth yet; the query of a namespace stands for it (1.7.3 takes it as text only). */
  introduce: (who) => ({ query: String(new URLSearchParams(who)) }),
  /** The main namespace is connected without being asked for, so nothing can be said there. */
  knownInMain: () => ({}),
  /** A refusal comes as the event `error`, which has the data, or else the message. */
  refusedBy: "error",
  refusal: { "/deny": { code: 7 }, "/nobody": { message: "Invalid namespace" } },
};

const REVISION_4 = {
  flags: [],
  introduce: (who) => ({ auth: who }),
  knownInMain: (who) => who,
  refusedBy: "connect_error",
  refusal: {
    "/deny": { message: "denied", data: { code: 7 } },
    "/nobody": { message: "Invalid namespace", data: undefined },
  },
};

/** Each by its version in package.json. */
export const GENERATIONS = {
  "1.7.3": REVISION_3,
  "2.5.0": REVISION_3,
  "3.0.1": REVISION_4,
  "3.1.3": REVISION_4,
  "4.0.0": REVISION_4,
  "4.4.1": REVISION_4,
  "4.6.2": REVISION_4,
  "4.8.4": REVISION_4,
};
