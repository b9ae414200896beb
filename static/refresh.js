// Refreshes the live part of a presenter page every two seconds, and shows a notice if this fails.
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

function formatTimes(part) {
  for (const element of part.querySelectorAll("time[data-time]")) {
    const time = new Date(Number(element.dataset.time) * 1000);
    const isToday = time.toDateString() === new Date().toDateString();
    const day = isToday ? "" : `${time.toLocaleDateString(undefined, { weekday: "short" })} `;
    element.textContent = day + time.toLocaleTimeString();
  }
}

formatTimes(document);
setInterval(refresh, INTERVAL_MS);
