// The trust page's small comforts; the page works without them. The room stands behind the `#` of
// an address, which no server sees: it is carried over to the links that lead on. And an iPad says
// that it is a Mac, but has more than one finger.

for (const link of document.querySelectorAll('a[data-room]')) {
  const carry = () => { link.hash = location.hash; };
  addEventListener('hashchange', carry);
  carry();
}

if (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1) {
  for (const way of document.querySelectorAll('[data-way="ios"]')) way.open = true;
}
