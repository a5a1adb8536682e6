// This tab's key to its seat, shown when the line to the server is made: who has it may take the
// seat back at once, also from a line that only seems to be alive. Nobody else gets to see it.
//
// 128 random bits in hexadecimal. It lives as long as the tab (reloads included), so a tab that is
// duplicated has the same one. Which of the pages with one key this is says a number that each load makes
// up: of two, the one whose Join button was pressed last has the seat.

const KEY = 'parlor.seat';
const FORM = /^[0-9a-f]{32}$/;

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

export const PAGE = crypto.getRandomValues(new Uint32Array(1))[0] || 1;

export function seatKey() {
  try {
    let key = sessionStorage.getItem(KEY);
    if (!FORM.test(key)) sessionStorage.setItem(KEY, key = random());
    return key;
  } catch {
    return random(); // no storage: the key lives until the next load
  }
}
