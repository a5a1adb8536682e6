// Keeps the screen on while somebody is talked to. The browser takes the lock back whenever the
// page is hidden, so it is asked for again when it is seen; and when it is touched, since some refuse it
// before that. Without the API nothing happens.

export function createAwake() {
  let wanted = false, lock = null, asking = false;
  const settle = async () => {
    if (asking) return;
    if (!wanted) {
      lock?.release().catch(() => {});
      lock = null;
    } else if (!lock && !document.hidden && navigator.wakeLock) {
      asking = true;
      try {
        const mine = lock = await navigator.wakeLock.request('screen');
        mine.addEventListener('release', () => {
          if (lock === mine) lock = null;
        });
      } catch {
        // A battery that is nearly empty: the system decides.
      }
      asking = false;
      if (!wanted) settle();
    }
  };
  for (const chance of ['visibilitychange', 'pointerdown']) document.addEventListener(chance, settle);
  return (on) => {
    wanted = on;
    settle();
  };
}
