// The captions of a call: the current line in large type, earlier lines and the person's own words in small type.

import { element } from "./dom.js";
import { keepScrolledToEnd } from "./auto-scroll.js";

const LONG_CAPTION_CHARACTERS = 110; // longer lines are set in smaller type

const WORDS = {
  Say: (item) => item.text,
  Play: (item) => (item.url ? `♪ ${fileName(item.source ?? item.url)}` : "♪ (this audio could not be loaded)"),
  Music: () => "♪ (hold music)",
  Audio: () => "♪ (the app's audio)",
  Tones: (item) => `Tones: ${item.digits}`,
  Beep: () => "Beep",
  Pause: (item) => `(silence, ${item.length} s)`,
  Ring: (item, displayName) => `Ringing ${displayName(item.to)}…`,
  Voice: (item, displayName) => `${displayName(item.from)}: ${item.text || "(speaks)"}`,
};

/** The caption of a heard item. */
export function captionOf(item, displayName) {
  return WORDS[item.verb]?.(item, displayName) ?? item.verb;
}

function fileName(url) {
  const name = url.split(/[?#]/)[0].split("/").pop() || "audio";
  try {
    return decodeURIComponent(name);
  } catch { // a % that is not followed by two digits
    return name;
  }
}

export class Captions {
  constructor(list, displayName) {
    Object.assign(this, { list, displayName, sid: null, scrollToEnd: keepScrolledToEnd(list) });
  }

  draw(call) {
    if (call.sid !== this.sid) this.list.replaceChildren();
    this.sid = call.sid;
    const lines = linesOf(call);
    lines.slice(this.list.children.length).forEach((line) => this.list.append(this.row(line)));
    this.markCurrent(lines);
    this.scrollToEnd();
  }

  row({ item, said }) {
    if (said) return element("li", said, "mine");
    const words = captionOf(item, this.displayName);
    return element("li", words, item.verb === "Pause" && "aside", words.length > LONG_CAPTION_CHARACTERS && "long");
  }

  /** Marks the newest heard line that is not a pause. */
  markCurrent(lines) {
    const current = lines.findLastIndex(({ item }) => item && item.verb !== "Pause");
    [...this.list.children].forEach((row, index) => row.classList.toggle("current", index === current));
  }
}

/** What was heard and said, in order. What was said follows the items that had been heard by then. */
function linesOf(call) {
  const heard = [...call.heard.values()].map((item) => ({ item, position: item.id }));
  const said = call.said.map(({ words, after }) => ({ said: words, position: after + 0.5 }));
  return [...heard, ...said].sort((one, other) => one.position - other.position);
}
