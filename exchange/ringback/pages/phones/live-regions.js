// The page's live regions, which a screen reader reads aloud.

import { element } from "./dom.js";

const MAX_ANNOUNCEMENTS = 20;

export function announce(text) {
  const log = document.getElementById("announcer");
  log.append(element("p", text));
  while (log.children.length > MAX_ANNOUNCEMENTS) log.firstElementChild.remove();
}

/** Interrupts what the screen reader is reading. */
export function announceUrgently(text) {
  document.getElementById("urgent").replaceChildren(element("p", text));
}
