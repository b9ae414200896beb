// Tells a screen reader what arrives and what is heard.

import { element } from "./dom.js";

const MAX_ANNOUNCEMENTS = 20;

export function announce(text) {
  const log = document.getElementById("announcer");
  log.append(element("p", text));
  while (log.children.length > MAX_ANNOUNCEMENTS) log.firstElementChild.remove();
}

/** At once, for what waits for an answer. */
export function announceUrgently(text) {
  document.getElementById("urgent").replaceChildren(element("p", text));
}
