// What changed, as a sentence for a screen reader.

import { announce, announceUrgently } from "./screen-reader.js";
import { wordsOf } from "./captions.js";

const SAID = {
  text: ({ text }, called) => text.direction === "received" && text.status === "delivered" && `text from ${called(text.from)}: ${text.body || "a picture"}`,
  heard: ({ item }, called) => item.verb !== "Pause" && wordsOf(item, called),
  call: ({ call, news }, called) => news && CALL[call.status]?.(called(call.with), call.direction),
};

const CALL = {
  ringing: (other, direction) => (direction === "incoming" ? null : `ringing ${other}`),
  "in-progress": (other) => `connected with ${other}`,
  completed: (other) => `the call with ${other} is over`,
  busy: (other) => `${other} is busy`,
  "no-answer": (other) => `no answer from ${other}`,
  failed: (other) => `the call with ${other} failed`,
  canceled: (other) => `${other} has stopped calling`,
};

export function report(changed, called, aloud) {
  const { what, call, news } = changed;
  const name = called(changed.handset.number);
  if (what === "call" && news && call.direction === "incoming" && call.status === "ringing") {
    announceUrgently(`${name}: call from ${called(call.with)}. Answer or decline.`);
  }
  const sentence = !aloud && SAID[what]?.(changed, called);
  if (sentence) announce(`${name}: ${sentence}`);
}
