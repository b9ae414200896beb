// Inserts the HTML fragments from the event stream into the stage page.
import { follow } from "./event_stream.js";
import { showStaleNotice } from "./stale_notice.js";

const MAX_ENTRIES = 30;
const timeline = document.getElementById("timeline");
const markAlive = showStaleNotice(document.getElementById("stale-notice"), () => stream.reconnect());

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

function show(html) {
  const fresh = parse(html);
  const old = document.getElementById(fresh.id);
  fresh.classList.add(old ? "changed" : "new");
  if (old) old.replaceWith(fresh);
  else timeline.insertBefore(fresh, firstBefore(Number(fresh.dataset.time)));
  while (timeline.children.length > MAX_ENTRIES) timeline.lastElementChild.remove();
}

// Keeps entries newest first, even when several missed entries arrive at once.
function firstBefore(time) {
  return [...timeline.children].find((entry) => !(Number(entry.dataset.time) > time)) ?? null;
}

function markGap() {
  const gap = document.createElement("li");
  gap.className = "gap";
  gap.textContent = "Some events are missing here: this screen was disconnected for too long.";
  timeline.prepend(gap);
}

const stream = follow(document.body.dataset, (type, data) => {
  markAlive();
  if (type === "gap") markGap();
  else if (data.html) show(data.html);
});
