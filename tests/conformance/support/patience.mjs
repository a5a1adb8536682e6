// How long a test waits for what must come.

/** Watchdog only: nothing waits this long in a run that passes. */
export const PATIENCE_MS = 10_000;

/** Fails with `what` when `promise` takes longer than a run that passes ever does. */
export function patiently(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
