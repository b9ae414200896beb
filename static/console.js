// Keeps the console up to date, and performs its actions without leaving the page.
import { follow } from "./event_stream.js";
import { keepFocus } from "./keep_focus.js";
import { listen } from "./presenter_keys.js";
import { morph } from "./morph.js";
import { showStaleNotice } from "./stale_notice.js";

const MIN_INTERVAL_MS = 500; // between two refreshes
const TIMEOUT_MS = 8000; // of an action, as for a key: see presenter_keys.js
const MAX_INTERVAL_MS = 5000; // health changes without an event
const { events, fragmentUrl } = document.body.dataset;
const live = document.getElementById("live");
const alert = document.getElementById("alert");
let refreshedAt = 0;
let requested = 0; // how many refreshes have begun
let shown = 0; // the number of the refresh that is on the page
let timer;

async function refresh() {
  clearTimeout(timer);
  refreshedAt = Date.now();
  const number = ++requested;
  try {
    const response = await fetch(fragmentUrl, { signal: AbortSignal.timeout(5000) });
    if (response.status === 403) return location.reload(); // logged out
    const html = response.ok && (await response.text());
    if (!html || number < shown) return; // a later refresh has overtaken this one
    shown = number;
    keepFocus(live, () => morph(live, html));
    tick();
  } catch {
    // Nothing to report yet: the next refresh may succeed, and a notice appears once the event stream is silent too.
  } finally {
    timer = setTimeout(refresh, MAX_INTERVAL_MS);
  }
}

function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(0, refreshedAt + MIN_INTERVAL_MS - Date.now()));
}

function tick() {
  const time = document.getElementById("timer");
  if (!time) return;
  time.offset ??= Number(time.dataset.now) - Date.now() / 1000; // between the server's clock and ours
  const seconds = Math.max(0, Math.floor(Date.now() / 1000 + time.offset - Number(time.dataset.since)));
  time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

async function perform(form) {
  const response = await fetch(form.getAttribute("action"), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  }).catch(() => null);
  const error = response?.ok ? "" : ((await response?.json().catch(() => null))?.error ?? "The server is not responding. Try again.");
  if (!error) close(form.closest("details.ask"));
  await show(error);
}

function close(question) {
  if (question?.contains(document.activeElement)) question.querySelector("summary").focus();
  question?.removeAttribute("open");
}

async function show(error) {
  alert.textContent = error;
  alert.hidden = !error;
  await refresh();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-action]")) return;
  event.preventDefault();
  perform(event.target);
});

addEventListener("keydown", (event) => {
  const open = document.querySelector("details.ask[open]");
  if (event.key !== "Escape" || !open) return;
  close(open);
  event.preventDefault(); // so that Escape does not also perform `back`
});
listen(show);

const markAlive = showStaleNotice(document.getElementById("stale-notice"), () => stream.reconnect());
const stream = follow(events, (type) => {
  markAlive();
  if (type === "scene") refreshSoon();
});
setInterval(tick, 1000);
refresh();
