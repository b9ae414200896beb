// The duration of the call.

import { setText } from "./dom.js";

export class CallClock {
  constructor(element) {
    this.element = element;
    element.setAttribute("aria-hidden", "true"); // so that a screen reader does not announce every second
  }

  update(call) {
    if (!call.answered) return this.stop();
    this.since = new Date(call.answered);
    this.timer ??= setInterval(() => this.draw(), 1000);
    this.draw();
  }

  draw() {
    const seconds = Math.max(0, Math.floor((Date.now() - this.since) / 1000));
    setText(this.element, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    setText(this.element, "");
  }
}
