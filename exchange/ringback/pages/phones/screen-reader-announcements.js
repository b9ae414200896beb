// What a screen reader announces when something has changed.

import { announce, announceUrgently } from "./live-regions.js";
import { captionOf } from "./captions.js";

const SENTENCES = {
  text: ({ text }, displayName) => text.direction === "received" && text.status === "delivered" && `text from ${displayName(text.from)}: ${text.body || "a picture"}`,
  heard: ({ item }, displayName) => item.verb !== "Pause" && captionOf(item, displayName),
  call: ({ call, isNewStatus }, displayName) => isNewStatus && CALL_SENTENCES[call.status]?.(displayName(call.with), call.direction),
};

const CALL_SENTENCES = {
  ringing: (other, direction) => (direction === "incoming" ? null : `ringing ${other}`),
  "in-progress": (other) => `connected to ${other}`,
  completed: (other) => `the call with ${other} is over`,
  busy: (other) => `${other} is busy`,
  "no-answer": (other) => `no answer from ${other}`,
  failed: (other) => `the call with ${other} failed`,
  canceled: (other) => `${other} has stopped calling`,
};

/** `isAudible`: whether the page plays the change, so that it need not be announced. */
export function announceChange(change, displayName, isAudible) {
  const { what, call, isNewStatus } = change;
  const name = displayName(change.handset.number);
  if (what === "call" && isNewStatus && call.direction === "incoming" && call.status === "ringing") {
    announceUrgently(`${name}: call from ${displayName(call.with)}. Answer or decline.`);
  }
  const sentence = !isAudible && SENTENCES[what]?.(change, displayName);
  if (sentence) announce(`${name}: ${sentence}`);
}
