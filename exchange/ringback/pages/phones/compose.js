// The text field: Enter sends, and Shift+Enter starts a new line. It is cleared once the exchange has accepted the text.

import { handsetPath, request } from "./api.js";
import { setText, setVisible } from "./dom.js";
import { Pictures } from "./attachments.js";

export class Compose {
  /** `recipient()` returns the number to send to; `onSent(text)` receives the text as returned by the exchange. */
  constructor(parts, number, { recipient, onSent }) {
    Object.assign(this, { parts, number, recipient, onSent, busy: false });
    this.pictures = new Pictures(parts, (sentence) => this.showError(sentence));
    parts.compose.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    parts.text.addEventListener("keydown", (event) => this.keyDown(event));
  }

  keyDown(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  async send() {
    const body = this.parts.text.value;
    const media_url = this.pictures.urls;
    if (this.busy || (!body.trim() && !media_url.length)) return;
    this.busy = true;
    try {
      this.onSent(await request(handsetPath(this.number, "texts"), { to: this.recipient(), body, media_url }));
      if (this.parts.text.value === body) this.parts.text.value = "";
      this.pictures.clear();
      this.showError("");
    } catch (error) {
      this.showError(`Not sent. ${error.message}`);
    }
    this.busy = false;
  }

  showError(sentence) {
    setText(this.parts.error, sentence);
    setVisible(Boolean(sentence), this.parts.error);
  }
}
