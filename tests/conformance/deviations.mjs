// Where Parlor answers otherwise than the official server on purpose, and why.
//
// A key is `script title` as in the wire tests. `expected` is Parlor's whole transcript there, so
// that a deviation is as exact as an agreement; a script that is listed here and agrees after all
// fails, so that the list cannot go stale.
export const deviations = {};
