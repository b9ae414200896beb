// The selector on small screens: one button a handset; a word says when something waits there.

import { element } from "./dom.js";
import { liveCall, rings } from "./state.js";

export class Tabs {
  constructor(nav) {
    Object.assign(this, { nav, chosen: null, fresh: new Map(), phones: [] });
  }

  draw(phones) {
    this.phones = phones;
    if (!phones.some((phone) => phone.handset.number === this.chosen)) this.chosen = phones[0]?.handset.number ?? null;
    this.nav.replaceChildren(...phones.map((phone) => this.button(phone)));
    for (const phone of phones) phone.element.classList.toggle("chosen", phone.handset.number === this.chosen);
  }

  button({ handset }) {
    const button = element("button", handset.name || handset.number);
    const waiting = this.waiting(handset);
    if (waiting) button.append(" ", element("small", `● ${waiting}`));
    button.type = "button";
    button.dataset.number = handset.number;
    button.setAttribute("aria-current", String(handset.number === this.chosen));
    button.addEventListener("click", () => this.choose(handset.number));
    return button;
  }

  waiting(handset) {
    const call = liveCall(handset);
    if (call) return rings(call) ? "rings" : "in a call";
    const count = this.fresh.get(handset.number) ?? 0;
    return count && handset.number !== this.chosen ? `${count} new` : "";
  }

  arrived(number) {
    if (number !== this.chosen) this.fresh.set(number, (this.fresh.get(number) ?? 0) + 1);
  }

  choose(number) {
    const hadFocus = this.nav.contains(document.activeElement);
    this.chosen = number;
    this.fresh.delete(number);
    this.draw(this.phones);
    if (hadFocus) this.nav.querySelector(`[aria-current="true"]`)?.focus();
  }
}
