// The text field: Enter sends, Shift+Enter begins a new line; the words stay until the exchange has taken them.

import { handsetPath, request } from "./api.js";
import { say, show } from "./dom.js";
import { Pictures } from "./attachments.js";

export class Compose {
  /** `to()` is who it goes to, `sent(text)` hands over what the exchange made of it. */
  constructor(parts, number, { to, sent }) {
    Object.assign(this, { parts, number, to, sent, busy: false });
    this.pictures = new Pictures(parts, (sentence) => this.complain(sentence));
    parts.compose.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    parts.text.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  async send() {
    const body = this.parts.text.value;
    const media_url = this.pictures.addresses;
    if (this.busy || (!body.trim() && !media_url.length)) return;
    this.busy = true;
    try {
      this.sent(await request(handsetPath(this.number, "texts"), { to: this.to(), body, media_url }));
      if (this.parts.text.value === body) this.parts.text.value = "";
      this.pictures.clear();
      this.complain("");
    } catch (error) {
      this.complain(`Not sent. ${error.message}`);
    }
    this.busy = false;
  }

  complain(sentence) {
    say(this.parts.trouble, sentence);
    show(Boolean(sentence), this.parts.trouble);
  }
}
