// The thread: texts as bubbles and finished calls as lines, in chronological order.

import { captionOf } from "./captions.js";
import { element } from "./dom.js";
import { isOver } from "./state.js";
import { keepScrolledToEnd } from "./auto-scroll.js";

const PENDING = "sending";
const STATUS_LABELS = { queued: PENDING, sending: PENDING, sent: PENDING, delivered: "delivered", undelivered: "not delivered", failed: "not delivered" };
const CALL_LABELS = { completed: "Call", busy: "Call (busy)", "no-answer": "Call (no answer)", failed: "Call (failed)", canceled: "Call (missed)" };
const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export class Thread {
  /** `displayName(number)` returns the name to show. Texts to and from `partner()` are shown without a name. */
  constructor({ thread, scroller, empty }, { displayName, partner }) {
    const scrollToEnd = keepScrolledToEnd(scroller, thread);
    Object.assign(this, { list: thread, empty, displayName, partner, scrollToEnd, rows: new Map() });
  }

  /** `live`: whether new rows are animated. */
  draw(handset, live = false) {
    const texts = [...handset.texts.values()].map((text) => [text.at, text.sid, () => this.bubble(text)]);
    const calls = [...handset.calls.values()].filter(isOver).map((call) => [call.started, call.sid, () => this.pastCall(call)]);
    const entries = [...texts, ...calls].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    for (const sid of this.rows.keys()) if (!handset.texts.has(sid) && !handset.calls.has(sid)) this.remove(sid);
    entries.forEach(([, sid, create], position) => this.place(sid, create(), position, live));
    this.empty.hidden = entries.length > 0;
    this.scrollToEnd();
  }

  /** Puts a row in its place. A row that has not changed is kept. */
  place(sid, created, position, live) {
    const old = this.rows.get(sid);
    const isSame = old?.dataset.state === created.dataset.state;
    const row = isSame ? old : created;
    if (!isSame) {
      if (!old && live) row.classList.add("new");
      old?.remove();
      this.rows.set(sid, row);
    }
    if (this.list.children[position] !== row) this.list.insertBefore(row, this.list.children[position] ?? null);
  }

  remove(sid) {
    this.rows.get(sid).remove();
    this.rows.delete(sid);
  }

  bubble(text) {
    const isSent = text.direction === "sent";
    const hasArrived = isSent || text.status === "delivered" || text.status === "received";
    const isPending = !hasArrived && STATUS_LABELS[text.status] === PENDING;
    const row = element("li", "", "bubble", isSent && "sent", !hasArrived && "undelivered", isPending && "pending");
    for (const each of text.media) row.append(mediaElement(each, isSent));
    if (text.body || !text.media.length) row.append(element("p", text.body ?? "", "words"));
    row.append(element("p", this.details(text, isSent), "about"));
    row.dataset.sid = text.sid;
    row.dataset.state = `${text.status} ${text.error_code} ${text.media.length}`;
    return row;
  }

  details(text, isSent) {
    const other = isSent ? text.to : text.from;
    const name = other === this.partner() ? null : `${isSent ? "to" : "from"} ${this.displayName(other)}`;
    const label = STATUS_LABELS[text.status] ?? text.status;
    const withError = text.error_code ? `${label} (${text.error_code})` : label;
    const status = text.status === "received" && isSent ? "sent" : withError;
    return [name, timeFormat.format(new Date(text.at)), status].filter(Boolean).join(" · ");
  }

  pastCall(call) {
    const row = element("li", "", "past-call");
    const duration = call.answered && call.ended ? ` · ${durationOf(call)}` : "";
    const title = `${CALL_LABELS[call.status]} ${call.direction === "outgoing" ? "to" : "from"} ${this.displayName(call.with)}${duration}`;
    const heard = [...call.heard.values()].filter((item) => item.verb !== "Pause");
    const details = element(heard.length ? "details" : "p");
    const list = element("ol");
    list.append(...heard.map((item) => element("li", captionOf(item, this.displayName))));
    details.append(...(heard.length ? [element("summary", title), list] : [title]));
    row.append(details, sequenceLink(call, title));
    row.dataset.state = `${call.status} ${call.ended} ${heard.length}`;
    return row;
  }
}

/** A link to the page about the call. */
function sequenceLink({ sid }, title) {
  const link = element("a", "Sequence");
  link.href = `/calls/${sid}`;
  link.target = "_blank";
  link.setAttribute("aria-label", `Sequence: ${title}`);
  return link;
}

function durationOf({ answered, ended }) {
  const seconds = Math.max(0, Math.round((new Date(ended) - new Date(answered)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const MEDIA_TAGS = { image: "img", audio: "audio", video: "video" };

function mediaElement({ url, content_type: type, source }, isSent) {
  const tag = MEDIA_TAGS[(type ?? "").split("/")[0]];
  if (!tag || !url) return element("p", `Attached: ${type ?? "a file"} (${source || url})`, "words");
  const media = element(tag);
  media.src = url;
  if (tag === "img") media.alt = source ? `Picture: ${source.split("/").pop()}` : `Picture ${isSent ? "sent" : "received"}`;
  else media.controls = true;
  return media;
}
