// The thread: texts as bubbles and finished calls as lines, in the order they happened.

import { wordsOf } from "./captions.js";
import { element } from "./dom.js";
import { isOver } from "./state.js";
import { keepScrolledToEnd } from "./auto-scroll.js";

const ARRIVED = { queued: "on its way", sending: "on its way", sent: "on its way", delivered: "delivered", undelivered: "did not arrive", failed: "did not arrive" };
const ENDINGS = { completed: "Call", busy: "Call: busy", "no-answer": "Call: no answer", failed: "Call: it failed", canceled: "Call: missed" };
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export class Thread {
  /** `called(number)` is how people call a number; texts to or from `usual()` need no name. */
  constructor(list, roll, invitation, { called, usual }) {
    Object.assign(this, { list, roll, invitation, called, usual, drawn: new Map(), toEnd: keepScrolledToEnd(roll, list) });
  }

  draw(handset, live = false) {
    const texts = [...handset.texts.values()].map((text) => [text.at, text.sid, () => this.bubble(text)]);
    const calls = [...handset.calls.values()].filter(isOver).map((call) => [call.started, call.sid, () => this.past(call)]);
    const rows = [...texts, ...calls].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    for (const sid of this.drawn.keys()) if (!handset.texts.has(sid) && !handset.calls.has(sid)) this.drop(sid);
    rows.forEach(([, sid, make], place) => this.place(sid, make(), place, live));
    this.invitation.hidden = rows.length > 0;
    this.toEnd();
  }

  /** Put it where it belongs; one that has not changed is left alone. */
  place(sid, made, place, live) {
    const old = this.drawn.get(sid);
    const same = old?.dataset.state === made.dataset.state;
    const row = same ? old : made;
    if (!same) {
      if (!old && live) row.classList.add("new");
      old?.remove();
      this.drawn.set(sid, row);
    }
    if (this.list.children[place] !== row) this.list.insertBefore(row, this.list.children[place] ?? null);
  }

  drop(sid) {
    this.drawn.get(sid).remove();
    this.drawn.delete(sid);
  }

  bubble(text) {
    const sent = text.direction === "sent";
    const arrived = sent || text.status === "delivered" || text.status === "received";
    const row = element("li", "", "bubble", sent && "sent", !arrived && "away", ARRIVED[text.status] === "on its way" && !arrived && "on-its-way");
    for (const each of text.media) row.append(picture(each, sent));
    if (text.body || !text.media.length) row.append(element("p", text.body ?? "", "words"));
    row.append(element("p", this.about(text, sent), "about"));
    row.dataset.sid = text.sid;
    row.dataset.state = `${text.status} ${text.error_code} ${text.media.length}`;
    return row;
  }

  about(text, sent) {
    const other = sent ? text.to : text.from;
    const who = other === this.usual() ? null : `${sent ? "to" : "from"} ${this.called(other)}`;
    const failed = text.error_code ? `${ARRIVED[text.status]} (${text.error_code})` : ARRIVED[text.status];
    const status = text.status === "received" && sent ? "sent" : failed ?? text.status;
    return [who, clock.format(new Date(text.at)), status].filter(Boolean).join(" · ");
  }

  past(call) {
    const row = element("li", "", "past-call");
    const lasted = call.answered && call.ended ? ` · ${length(call)}` : "";
    const about = `${ENDINGS[call.status]} ${call.direction === "outgoing" ? "to" : "from"} ${this.called(call.with)}${lasted}`;
    const lines = [...call.heard.values()].filter((item) => item.verb !== "Pause");
    const details = element(lines.length ? "details" : "p");
    const list = element("ol");
    list.append(...lines.map((item) => element("li", wordsOf(item, this.called))));
    details.append(...(lines.length ? [element("summary", about), list] : [about]));
    row.append(details, sequence(call, about));
    row.dataset.state = `${call.status} ${call.ended} ${lines.length}`;
    return row;
  }
}

/** To the page that shows what happened between phone, exchange and app. */
function sequence({ sid }, about) {
  const link = element("a", "Sequence");
  link.href = `/calls/${sid}`;
  link.target = "_blank";
  link.setAttribute("aria-label", `Sequence: ${about}`);
  return link;
}

function length({ answered, ended }) {
  const seconds = Math.max(0, Math.round((new Date(ended) - new Date(answered)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const SHOWN_AS = { image: "img", audio: "audio", video: "video" };

function picture({ url, content_type: type, source }, sent) {
  const tag = SHOWN_AS[(type ?? "").split("/")[0]];
  if (!tag || !url) return element("p", `Attached: ${type ?? "a file"} (${source || url})`, "words");
  const shown = element(tag);
  shown.src = url;
  if (tag === "img") shown.alt = source ? `Picture: ${source.split("/").pop()}` : `Picture ${sent ? "sent" : "received"}`;
  else shown.controls = true;
  return shown;
}

