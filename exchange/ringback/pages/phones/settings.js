// One handset's settings: its name, what it does when called, whom it talks to, putting it away.

import { handsetPath, request } from "./api.js";
import { element, show } from "./dom.js";

const CONFIRM_LABEL = "Really clear them?";

export class Settings {
  /** `partners()` is `[[number, label]…]`; `put_away()` takes the phone off the page; `trouble(sentence)` says what failed. */
  constructor(parts, handset, { partners, away, partner, trouble }) {
    Object.assign(this, { parts, handset, partners, partner, trouble });
    this.plain = parts.clear.textContent;
    parts.more.addEventListener("click", () => this.open(parts.settings.hidden));
    parts.settings.addEventListener("submit", (event) => { event.preventDefault(); this.open(false); });
    parts.settings.addEventListener("keydown", (event) => { if (event.key === "Escape") this.open(false); });
    parts.rename.addEventListener("change", () => this.change({ name: parts.rename.value.trim() || handset.number }));
    parts.whenCalled.addEventListener("change", () => this.change({ when_called: parts.whenCalled.value }));
    parts.partner.addEventListener("change", () => partner(parts.partner.value));
    parts.away.addEventListener("click", away);
    parts.clear.addEventListener("click", () => this.clear());
    parts.clear.addEventListener("blur", () => { parts.clear.textContent = this.plain; });
  }

  open(opened) {
    const { parts } = this;
    if (opened) this.draw();
    show(opened, parts.settings);
    show(!opened, parts.home);
    parts.more.setAttribute("aria-expanded", String(opened));
    (opened ? parts.rename : parts.more).focus();
  }

  draw() {
    const { parts, handset } = this;
    parts.rename.value = handset.name ?? "";
    parts.whenCalled.value = handset.when_called;
    parts.partner.replaceChildren(...this.partners().map(([number, label]) => Object.assign(element("option", label), { value: number })));
    parts.partner.value = this.partner() ?? "";
  }

  async change(what) {
    try {
      await request(handsetPath(this.handset.number), what);
      this.trouble("");
    } catch (error) {
      this.trouble(error.message);
    }
  }

  /** Asks once, then forgets texts and finished calls. */
  async clear() {
    if (this.parts.clear.textContent !== CONFIRM_LABEL) {
      this.parts.clear.textContent = CONFIRM_LABEL;
      return;
    }
    this.parts.clear.textContent = this.plain;
    await request(handsetPath(this.handset.number), undefined, "DELETE").catch((error) => this.trouble(error.message));
    this.change({ name: this.handset.name, when_called: this.handset.when_called });
  }
}
