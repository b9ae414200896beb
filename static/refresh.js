// Refreshes the live part of a presenter page every two seconds, and shows a notice if this fails.
import { formatTimes } from "./times.js";

const INTERVAL_MS = 2000;
const notice = document.getElementById("stale-notice");

async function refresh() {
  try {
    const response = await fetch(document.body.dataset.fragmentUrl, { signal: AbortSignal.timeout(5000) });
    if (response.status === 403) return location.reload(); // logged out
    if (!response.ok) throw new Error(`The server returned ${response.status}`);
    show(await response.text());
    notice.hidden = true;
  } catch {
    notice.textContent = "Not up to date: the server is not responding. Retrying.";
    notice.hidden = false;
  }
}

function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const fresh of template.content.querySelectorAll("section")) {
    const old = document.getElementById(fresh.id);
    formatTimes(fresh);
    const isInUse = old.querySelector("details[open]") || old.contains(document.activeElement);
    if (!isInUse && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  }
}

setInterval(refresh, INTERVAL_MS);
