// The invitation: a sheet with the room's address as a QR code and as text, to copy or to share.
//
// Stands between the buttons and the state: `inviting` says whether it is open, view.js shows it.
// Esc, the backdrop and Close end it, and so does whoever joins. A <dialog> keeps the focus inside
// and gives it back afterwards.

const SAID = 3000; // ms that "Link copied" stands on the button

export function makeInvitation(el, store) {
  const set = (change) => store.set(change);
  el.inviteButton.addEventListener('click', () => set({ inviting: true }));
  el.inviteClose.addEventListener('click', () => set({ inviting: false }));
  el.sheet.addEventListener('close', () => set({ inviting: false, copied: false, copyByHand: false }));
  el.sheet.addEventListener('click', ({ target }) => target === el.sheet && set({ inviting: false })); // the backdrop
  el.inviteLink.addEventListener('focus', () => el.inviteLink.select());

  let timer;
  el.copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(el.inviteLink.value);
      set({ copied: true, copyByHand: false });
      clearTimeout(timer);
      timer = setTimeout(() => set({ copied: false }), SAID);
    } catch { // no clipboard here: selected, to copy by hand
      set({ copyByHand: true });
      el.inviteLink.focus();
    }
  });

  el.share.hidden = !navigator.share;
  el.share.addEventListener('click', async () => {
    // Who closes the system's sheet has changed their mind, and a system without one has the link.
    await navigator.share({ title: 'Parlor', url: el.inviteLink.value }).catch(() => {});
  });
}
