// The strip that shows the code and message of the debugger's newest alert.

import { parts, setText, setVisible } from "./dom.js";

export class Alerts {
  constructor(strip) {
    Object.assign(this, { strip, parts: parts(strip), seen: new Set(), count: 0 });
    this.parts.dismiss.addEventListener("click", () => this.dismiss());
  }

  /** `id` is the feed item's id, and `name` the handset's name or null. */
  add(id, alert, name) {
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.count += 1;
    const more = this.count > 1 ? ` (newest of ${this.count})` : "";
    setText(this.parts.code, `${alert.level === "warning" ? "Warning" : "Error"} ${alert.code}${more}`);
    setText(this.parts.message, [name && `${name}:`, alert.message].filter(Boolean).join(" "));
    setVisible(true, this.strip);
  }

  dismiss() {
    this.count = 0;
    setVisible(false, this.strip);
  }
}
