// Where the crate answers otherwise than the official packages on purpose, and why.
//
// As in `../deviations.mjs`: a key is the title of a script, `expected` is our whole transcript.
export const deviations = {};
