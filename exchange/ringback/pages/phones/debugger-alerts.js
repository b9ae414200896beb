// The strip that shows what the debugger has: the newest entry's number and its one sentence.

import { parts, say, show } from "./dom.js";

export class Alerts {
  constructor(strip) {
    Object.assign(this, { strip, parts: parts(strip), seen: new Set(), count: 0 });
    this.parts.dismiss.addEventListener("click", () => this.dismiss());
  }

  add(id, alert, who) {
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.count += 1;
    const more = this.count > 1 ? ` (the newest of ${this.count})` : "";
    say(this.parts.code, `${alert.level === "warning" ? "Warning" : "Error"} ${alert.code}${more}`);
    say(this.parts.sentence, [who && `${who}:`, alert.message].filter(Boolean).join(" "));
    show(true, this.strip);
  }

  dismiss() {
    this.count = 0;
    show(false, this.strip);
  }
}
