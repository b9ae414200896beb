// Keeps the list of calls and texts up to date: reloads it when the live feed reports a change.

const EVENT_KINDS = ["call", "text", "text-status", "reset", "forgotten"];
const DEBOUNCE_MILLISECONDS = 300;

const main = () => document.querySelector("main");
let timer = 0;

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!response.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  const focusedLink = document.activeElement?.getAttribute("href");
  main().replaceWith(next);
  localizeTimes();
  if (focusedLink) main().querySelector(`a[href="${focusedLink}"]`)?.focus();
}

/** Shows times in the browser's time zone. */
function localizeTimes() {
  for (const time of main().querySelectorAll("time")) time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB");
}

function scheduleRefresh() {
  timer ||= setTimeout(() => {
    timer = 0;
    refresh().catch(() => {}); // no connection; when the feed has reconnected, the list is refreshed again
  }, DEBOUNCE_MILLISECONDS);
}

const feed = new EventSource("/feed");
feed.onopen = scheduleRefresh;
feed.onmessage = ({ data }) => {
  if (EVENT_KINDS.includes(JSON.parse(data).kind)) scheduleRefresh();
};
localizeTimes();
