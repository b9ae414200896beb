// How long a call has been going on.

import { say } from "./dom.js";

export class Clock {
  constructor(element) {
    this.element = element;
    element.setAttribute("aria-hidden", "true"); // a screen reader need not hear every second
  }

  follow(call) {
    if (!call.answered) return this.stop();
    this.since = new Date(call.answered);
    this.ticking ??= setInterval(() => this.draw(), 1000);
    this.draw();
  }

  draw() {
    const seconds = Math.max(0, Math.floor((Date.now() - this.since) / 1000));
    say(this.element, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  stop() {
    clearInterval(this.ticking);
    this.ticking = null;
    say(this.element, "");
  }
}
