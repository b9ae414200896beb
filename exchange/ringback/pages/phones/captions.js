// What is heard, as words: the line being said large, earlier ones small, and what the person said themselves.

import { element } from "./dom.js";
import { keepScrolledToEnd } from "./auto-scroll.js";

const LONG_CAPTION_CHARACTERS = 110; // characters from which a line is set smaller

const WORDS = {
  Say: (item) => item.text,
  Play: (item) => (item.url ? `♪ ${fileName(item.source ?? item.url)}` : "♪ (this sound could not be fetched)"),
  Tones: (item) => `Tones: ${item.digits}`,
  Beep: () => "Beep",
  Pause: (item) => `(silence, ${item.length} s)`,
  Ring: (item, called) => `Ringing ${called(item.to)}…`,
  Voice: (item, called) => `${called(item.from)}: ${item.text || "(speaks)"}`,
};

export function wordsOf(item, called) {
  return WORDS[item.verb]?.(item, called) ?? item.verb;
}

function fileName(address) {
  return decodeURIComponent(address.split(/[?#]/)[0].split("/").pop() || "a sound");
}

export class Captions {
  constructor(list, called) {
    Object.assign(this, { list, called, sid: null, toEnd: keepScrolledToEnd(list) });
  }

  draw(call) {
    if (call.sid !== this.sid) this.list.replaceChildren();
    this.sid = call.sid;
    const rows = lines(call);
    rows.slice(this.list.children.length).forEach((row) => this.list.append(this.row(row)));
    this.markCurrent(rows);
    this.toEnd();
  }

  row({ item, said }) {
    if (said) return element("li", said, "mine");
    const words = wordsOf(item, this.called);
    return element("li", words, item.verb === "Pause" && "aside", words.length > LONG_CAPTION_CHARACTERS && "long");
  }

  /** The newest line that is not silence is the current one. */
  markCurrent(rows) {
    const current = rows.findLastIndex(({ item }) => item && item.verb !== "Pause");
    [...this.list.children].forEach((row, place) => row.classList.toggle("current", place === current));
  }
}

/** Heard and said in order; what was said stands after what had been heard by then. */
function lines(call) {
  const heard = [...call.heard.values()].map((item) => ({ item, place: item.id }));
  const said = call.said.map(({ words, after }) => ({ said: words, place: after + 0.5 }));
  return [...heard, ...said].sort((one, other) => one.place - other.place);
}
