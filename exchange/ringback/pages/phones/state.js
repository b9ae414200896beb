// What the page knows of each handset: told by snapshots and by the feed, in any order and any number of times.

const OVER = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
const RANK = { queued: 0, sending: 0, ringing: 1, sent: 1, "in-progress": 2, received: 2, delivered: 2, undelivered: 2 };
const rank = (status) => (OVER.has(status) ? 3 : RANK[status] ?? 0);

export const rings = (call) => call.direction === "incoming" && call.status !== "in-progress" && !isOver(call);
export const isOver = (call) => OVER.has(call.status);

export class State {
  constructor() {
    this.number = null;
    this.numbers = [];
    this.known = new Map(); // number → name, all that the exchange knows
    this.handsets = new Map(); // number → handset, those on this page
  }

  show({ number, name = null, when_called = "rings" }) {
    const handset = { number, name, when_called, texts: new Map(), calls: new Map() };
    if (!this.handsets.has(number)) this.handsets.set(number, handset);
    return this.handsets.get(number);
  }

  /** A handset as people call it: its name, or its number. */
  nameOf(number) {
    return this.handsets.get(number)?.name || this.known.get(number) || null;
  }

  text(handset, text) {
    const old = handset.texts.get(text.sid);
    if (old && rank(text.status) <= rank(old.status) && text.media.length <= old.media.length) return false;
    handset.texts.set(text.sid, text);
    return true;
  }

  /** Keeps what was heard; a state that lies behind what is known changes nothing. */
  call(handset, call) {
    const old = handset.calls.get(call.sid) ?? { heard: new Map(), said: [] };
    const news = old.status === undefined || rank(call.status) > rank(old.status);
    const kept = { heard: old.heard, said: old.said };
    const fresh = news || rank(call.status) === rank(old.status);
    handset.calls.set(call.sid, fresh ? { ...call, ...kept } : old);
    for (const heard of call.heard ?? []) this.heard(handset, { ...heard, call: call.sid });
    return news;
  }

  /** "heard" when it is new, "ended" when it is newly over, otherwise null. */
  heard(handset, item) {
    const heard = handset.calls.get(item.call)?.heard;
    const old = heard?.get(item.id);
    if (!heard || (old && (old.ended || !item.ended))) return null;
    heard.set(item.id, item);
    return old ? "ended" : "heard";
  }

  /** Whole, from `GET /handsets/<number>`. Calls that the exchange has lost are over. */
  take(snapshot) {
    const handset = this.show(snapshot);
    Object.assign(handset, { name: snapshot.name || handset.name, when_called: snapshot.when_called });
    for (const text of snapshot.texts) this.text(handset, text);
    for (const call of snapshot.calls) this.call(handset, call);
    const there = new Set(snapshot.calls.map((call) => call.sid));
    for (const call of handset.calls.values()) if (!there.has(call.sid) && !isOver(call)) call.status = "failed";
  }

  forget(handset) {
    handset.texts.clear();
    for (const [sid, call] of handset.calls) if (isOver(call)) handset.calls.delete(sid);
  }
}

/** The call a handset is in: the one talked on, or else the one that rings. */
export function liveCall(handset) {
  const live = [...handset.calls.values()].filter((call) => !isOver(call));
  return live.find((call) => call.status === "in-progress") ?? live[0] ?? null;
}
