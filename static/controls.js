// Controls that step back: after a while without input they fade, and any touch, key or movement
// brings them back (styles.css fades them in a call only). They stay while the keyboard is on them.

const PATIENCE = 4000; // ms

export function fadeControls(panel) {
  let timer;
  const mouse = matchMedia('(hover: hover)'); // a finger leaves its last place hovered
  const held = () => panel.querySelector(':focus-visible') || (mouse.matches && panel.matches(':hover'));
  const fade = () => {
    if (held()) wake();
    else document.body.dataset.idle = '';
  };
  const wake = () => {
    delete document.body.dataset.idle;
    clearTimeout(timer);
    timer = setTimeout(fade, PATIENCE);
  };
  for (const input of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
    document.addEventListener(input, wake, { passive: true, capture: true });
  }
  wake();
  return wake;
}

// One-key shortcuts, for who is not typing: { m: action, ... } by lower-case key.
export function onKeys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector('dialog[open]')) return; // it has keys of its own
    if (event.target.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable]')) return;
    actions[event.key.toLowerCase()]?.(event);
  });
}
