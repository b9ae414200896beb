// Says that the page is behind when nothing has come for twelve seconds; a beat comes every five.
const QUIET = 12_000;

export function showBehind(mark, tryAgain) {
  let last = Date.now();
  let tried = last;

  function look() {
    const now = Date.now();
    if (now - last < QUIET) return;
    mark.hidden = false;
    mark.querySelector("span").textContent = `Behind: nothing has come for ${Math.round((now - last) / 1000)} s.`;
    if (now - tried >= QUIET) {
      tried = now; // a connection can look open and be dead, after a laptop's sleep for example
      tryAgain();
    }
  }

  setInterval(look, 1000);
  return () => {
    last = tried = Date.now();
    mark.hidden = true;
  };
}
