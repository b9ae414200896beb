// One feed item turned into what changed on this page, or into nothing when it was known already.

const BY_KIND = {
  handset: (state, handset, payload) => {
    state.known.set(payload.number, payload.name);
    if (handset) Object.assign(handset, { name: payload.name || handset.name, when_called: payload.when_called });
    return handset && { what: "handset" };
  },
  forgotten: (state, handset, payload) => {
    state.known.delete(payload.number);
    if (handset) state.forget(handset);
    return handset && { what: "forgotten" };
  },
  text: (state, handset, text) => handset && state.text(handset, text) && { what: "text", text },
  "text-status": (state, handset, text) => handset && state.text(handset, text) && { what: "text", text },
  call: (state, handset, call) => {
    if (!handset) return null;
    const news = state.call(handset, call);
    return { what: "call", call: handset.calls.get(call.sid), news };
  },
  heard: heard,
  ended: heard,
  listening: (state, handset, { call: sid, listening }) => {
    const call = handset?.calls.get(sid);
    if (call) call.listening = listening;
    return call && { what: "listening", call };
  },
};

function heard(state, handset, item) {
  const what = handset && state.heard(handset, item);
  return what && { what, item, call: handset.calls.get(item.call) };
}

/** `{handset, what, …}`; null when nothing on this page changed. */
export function feedChange(state, { kind, handset: number, payload }) {
  const handset = state.handsets.get(number ?? payload.number) ?? null;
  const what = BY_KIND[kind]?.(state, handset, payload);
  return what ? { handset, ...what } : null;
}
