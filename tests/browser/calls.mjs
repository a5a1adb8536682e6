// What tests ask of calls, of people who came with `watchedCalls()` and `heardEvents()` (scripts.mjs).

import { inCall, newRoom, PATIENCE } from './harness.mjs';

// The first is the creator.
export async function meet(ana, ben) {
  const room = newRoom();
  await ana.join(room);
  await ana.is('waiting');
  await ben.join(room);
  await inCall(ana, ben);
  return room;
}

// The server has said this, so many times in all.
export const heard = (person, name, times = 1) => person.until(
  ([wanted, count]) => window.told.filter((one) => one === wanted).length >= count,
  [name, times],
);

export const connections = (...people) => Promise.all(
  people.map((person) => person.page.evaluate(() => window.peerConnections.length)),
);

// The page stands still, as on a phone that sleeps: no script of it runs, so it answers no ping. The
// browser's own freezing is for pages that are hidden, which none is here. Gives what ends it.
export async function freeze(person) {
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('Debugger.enable');
  const paused = new Promise((resolve) => devtools.once('Debugger.paused', resolve));
  await devtools.send('Debugger.pause');
  await paused;
  return async () => {
    await devtools.send('Debugger.resume');
    await devtools.detach();
  };
}

// By which the ways are known that each side offers to the other now.
export const ways = (person) => person.page.evaluate(() => {
  const { localDescription, remoteDescription } = window.peerConnections[0];
  return [localDescription, remoteDescription].map(({ sdp }) => /a=ice-ufrag:(.*)/.exec(sdp)[1].trim());
});

export const hasOtherWays = (person, before) => person.until((old) => {
  const { localDescription, remoteDescription, signalingState } = window.peerConnections[0];
  const now = [localDescription, remoteDescription].map(({ sdp }) => /a=ice-ufrag:(.*)/.exec(sdp)[1].trim());
  return signalingState === 'stable' && now.every((way) => !old.includes(way));
}, before);

// So many more frames of the other's picture are decoded, over the first connection.
export const decodes = (person, more = 30) => person.page.evaluate(async ([wanted, patience]) => {
  const frames = async () => {
    const report = await window.peerConnections[0].getStats();
    return [...report.values()].find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video').framesDecoded;
  };
  const goal = await frames() + wanted, end = performance.now() + patience;
  while (await frames() < goal) {
    if (performance.now() > end) throw new Error('the picture stands still');
    await new Promise((done) => setTimeout(done, 50));
  }
}, [more, PATIENCE]);
