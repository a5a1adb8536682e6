// The options of a reference server: those of the official packages, as JSON can say them.
//
// Two are not: `cors.origin` may be (or have in its list) `{"regex":"..."}`, and `denyWith` is ours.

/** What `--options` may name. Anything else is a mistake in a test, and an error. */
const NAMES = new Set([
  "addTrailingSlash",
  "allowEIO3",
  "allowUpgrades",
  "cleanupEmptyChildNamespaces",
  "connectTimeout",
  "connectionStateRecovery",
  "cookie",
  "cors",
  "denyWith",
  "destroyUpgradeTimeout",
  "httpCompression",
  "initialPacket",
  "maxHttpBufferSize",
  "path",
  "pingInterval",
  "pingTimeout",
  "serveClient",
  "transports",
  "upgradeTimeout",
]);

/** The options as the official server takes them. */
export function official({ denyWith, ...options }) {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw new Error(`there is no option ${name}`);
  }
  const { origin } = options.cors ?? {};
  return {
    ...options,
    ...(origin !== undefined && { cors: { ...options.cors, origin: expressions(origin) } }),
    ...(denyWith !== undefined && { allowRequest: denying(denyWith) }),
  };
}

function expressions(origin) {
  if (Array.isArray(origin)) return origin.map(expressions);
  return origin?.regex === undefined ? origin : new RegExp(origin.regex);
}

/** Refuses handshakes with the key `deny` in their query; "" is the default message. */
export function denying(message) {
  return (request, decide) => {
    const denied = new URL(request.url, "http://localhost").searchParams.has("deny");
    decide(denied ? message || null : null, !denied);
  };
}
