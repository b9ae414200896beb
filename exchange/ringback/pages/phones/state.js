// The page's copy of each handset. Snapshots and feed items may arrive in any order and more than once.

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
const RANK = { queued: 0, sending: 0, ringing: 1, sent: 1, "in-progress": 2, received: 2, delivered: 2, undelivered: 2 };
const SETTINGS = ["when_called", "city", "state", "zip", "country", "add_ons"];
const rank = (status) => (FINAL_STATUSES.has(status) ? 3 : RANK[status] ?? 0);

export const isRinging = (call) => call.direction === "incoming" && call.status !== "in-progress" && !isOver(call);
export const isOver = (call) => FINAL_STATUSES.has(call.status);

/** A handset's settings other than its name, as `POST /handsets/<number>` accepts them. Unknown settings are undefined. */
export const settingsOf = (handset) => Object.fromEntries(SETTINGS.map((name) => [name, handset[name]]));

export class State {
  constructor() {
    this.number = null; // the app's number
    this.numbers = []; // all of the app's numbers
    this.known = new Map(); // number → name, for every handset on the exchange
    this.handsets = new Map(); // number → handset, for those on this page
  }

  /** Adds a handset to the page unless it is already there, and returns it. */
  add({ number, name = null, when_called = "rings", ...others }) {
    const handset = { number, name, ...settingsOf({ ...others, when_called }), texts: new Map(), calls: new Map() };
    if (!this.handsets.has(number)) this.handsets.set(number, handset);
    return this.handsets.get(number);
  }

  /** The name of a handset, or null. */
  nameOf(number) {
    return this.handsets.get(number)?.name || this.known.get(number) || null;
  }

  /** Returns true if the text is new or changed. */
  updateText(handset, text) {
    const old = handset.texts.get(text.sid);
    if (old && rank(text.status) <= rank(old.status) && text.media.length <= old.media.length) return false;
    handset.texts.set(text.sid, text);
    return true;
  }

  /** Returns true if the status is new. Ignores outdated statuses, and keeps what was heard and said. */
  updateCall(handset, call) {
    const old = handset.calls.get(call.sid) ?? { heard: new Map(), said: [] };
    const isNewStatus = old.status === undefined || rank(call.status) > rank(old.status);
    const history = { heard: old.heard, said: old.said };
    const isCurrent = isNewStatus || rank(call.status) === rank(old.status);
    handset.calls.set(call.sid, isCurrent ? { ...call, ...history } : old);
    for (const item of call.heard ?? []) this.updateHeard(handset, { ...item, call: call.sid });
    return isNewStatus;
  }

  /** Returns "heard" if the item is new, "ended" if it has just ended, otherwise null. */
  updateHeard(handset, item) {
    const heard = handset.calls.get(item.call)?.heard;
    const old = heard?.get(item.id);
    if (!heard || (old && (old.ended || !item.ended))) return null;
    heard.set(item.id, item);
    return old ? "ended" : "heard";
  }

  /** Applies a snapshot from `GET /handsets/<number>`. A call that is no longer on the exchange is marked as failed. */
  update(snapshot) {
    const handset = this.add(snapshot);
    Object.assign(handset, { name: snapshot.name || handset.name, ...settingsOf(snapshot) });
    for (const text of snapshot.texts) this.updateText(handset, text);
    for (const call of snapshot.calls) this.updateCall(handset, call);
    const sids = new Set(snapshot.calls.map((call) => call.sid));
    for (const call of handset.calls.values()) if (!sids.has(call.sid) && !isOver(call)) call.status = "failed";
  }

  /** Removes the texts and the finished calls. */
  clearHistory(handset) {
    handset.texts.clear();
    for (const [sid, call] of handset.calls) if (isOver(call)) handset.calls.delete(sid);
  }
}

/** The handset's call in progress, or else its ringing call, or else null. */
export function liveCall(handset) {
  const live = [...handset.calls.values()].filter((call) => !isOver(call));
  return live.find((call) => call.status === "in-progress") ?? live[0] ?? null;
}
