// Many reference servers in one process, for tests that need one for each set of options.
//
// A message of the parent is `{id, args}`, args being a command line; the answer is `{id, url}`
// or `{id, error}`. It ends with its parent.
import { serve } from "./serve.mjs";

process.on("message", async ({ id, args }) => {
  try {
    const { url } = await serve(args);
    process.send({ id, url });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
process.on("disconnect", () => process.exit(0));
