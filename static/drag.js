// The own picture can be moved: it follows the finger and settles in the nearest corner.
//
// A corner and not a free place, so that turning the phone or resizing the window cannot leave it
// outside. The corner is `data-corner` on the element; styles.css says where that is.

export function makeMovable(element, stage, isMovable) {
  let start = null;

  element.addEventListener('pointerdown', (event) => {
    if (!isMovable() || !event.isPrimary || event.button !== 0) return;
    start = { x: event.clientX, y: event.clientY };
    element.setPointerCapture(event.pointerId);
    element.classList.add('moving');
  });

  element.addEventListener('pointermove', (event) => {
    if (start) place(event.clientX - start.x, event.clientY - start.y);
  });

  const settle = () => {
    if (!start) return;
    start = null;
    const box = element.getBoundingClientRect(), room = stage.getBoundingClientRect();
    const left = box.left + box.width / 2 < room.left + room.width / 2;
    const top = box.top + box.height / 2 < room.top + room.height / 2;
    element.dataset.corner = `${top ? 'top' : 'bottom'}-${left ? 'left' : 'right'}`;
    // It now belongs elsewhere: start from where it was let go, and let the style's transition run.
    place(0, 0);
    const home = element.getBoundingClientRect();
    place(box.left - home.left, box.top - home.top);
    element.getBoundingClientRect();
    element.classList.remove('moving');
    place(0, 0);
  };
  element.addEventListener('pointerup', settle);
  element.addEventListener('pointercancel', settle);

  function place(x, y) {
    element.style.translate = x || y ? `${x}px ${y}px` : '';
  }
}
