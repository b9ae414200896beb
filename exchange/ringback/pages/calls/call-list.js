// Keeps the list of calls and texts up to date: whatever the live feed tells of them, it is read again.

const EVENT_KINDS = ["call", "text", "text-status", "reset", "forgotten"];
const DEBOUNCE_MILLISECONDS = 300; // many things happen at once

const main = () => document.querySelector("main");
const whenHere = (time) => new Date(time.dateTime).toLocaleTimeString("en-GB");
let waiting = 0;

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const focused = document.activeElement?.getAttribute("href");
  main().replaceWith(next);
  draw();
  if (focused) main().querySelector(`a[href="${focused}"]`)?.focus();
}

/** Times as the clock on this wall shows them. */
function draw() {
  for (const time of main().querySelectorAll("time")) time.textContent = whenHere(time);
}

function lookSoon() {
  waiting ||= setTimeout(() => {
    waiting = 0;
    look().catch(() => {}); // the exchange is away: the feed says when it is back
  }, DEBOUNCE_MILLISECONDS);
}

const feed = new EventSource("/feed");
feed.onopen = lookSoon;
feed.onmessage = ({ data }) => {
  if (EVENT_KINDS.includes(JSON.parse(data).kind)) lookSoon();
};
draw();
