// Applies an item from the live feed to the state, and describes what has changed on this page.

import { settingsOf } from "./state.js";

const BY_KIND = {
  handset: (state, handset, payload) => {
    state.known.set(payload.number, payload.name);
    if (handset) Object.assign(handset, { name: payload.name || handset.name, ...settingsOf(payload) });
    return handset && { what: "handset" };
  },
  forgotten: (state, handset, payload) => {
    state.known.delete(payload.number);
    if (handset) state.clearHistory(handset);
    return handset && { what: "forgotten" };
  },
  text: (state, handset, text) => handset && state.updateText(handset, text) && { what: "text", text },
  "text-status": (state, handset, text) => handset && state.updateText(handset, text) && { what: "text", text },
  call: (state, handset, call) => {
    if (!handset) return null;
    const isNewStatus = state.updateCall(handset, call);
    return { what: "call", call: handset.calls.get(call.sid), isNewStatus };
  },
  heard,
  ended: heard,
  listening: (state, handset, { call: sid, listening }) => {
    const call = handset?.calls.get(sid);
    if (call) call.listening = listening;
    return call && { what: "listening", call };
  },
};

function heard(state, handset, item) {
  const what = handset && state.updateHeard(handset, item);
  return what && { what, item, call: handset.calls.get(item.call) };
}

/** Returns `{handset, what, …}`, or null if nothing on this page has changed. */
export function applyFeedItem(state, { kind, handset: number, payload }) {
  const handset = state.handsets.get(number ?? payload.number) ?? null;
  const change = BY_KIND[kind]?.(state, handset, payload);
  return change ? { handset, ...change } : null;
}
