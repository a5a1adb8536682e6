// A server that runs in the other system, and what it answers.
import { Program } from '../network/network.mjs';

/** Runs a program there until `use` is done with it; `use` gets its address. */
export async function serving(system, program, variables, use) {
  const settings = { PARLOR_LISTEN: '127.0.0.1:0', PARLOR_HTTP_ONLY: 'true', PARLOR_NO_MDNS: 'true', ...variables };
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const [command, inside] = system.entered([...words, program]);
  const server = new Program(command, inside, { env: { PATH: process.env.PATH } });
  const [, url] = await server.says(/^Parlor is ready[^]*(http:\/\/\S+:\d+)\/$/m);
  try {
    return await use(url);
  } finally {
    await server.stop();
  }
}
