// The tabs on small screens: one button for each handset, with the number of new texts or the status of its call.

import { element } from "./dom.js";
import { isRinging, liveCall } from "./state.js";

export class Tabs {
  constructor(nav) {
    Object.assign(this, { nav, chosen: null, unread: new Map(), phones: [] });
  }

  draw(phones) {
    this.phones = phones;
    if (!phones.some((phone) => phone.handset.number === this.chosen)) this.chosen = phones[0]?.handset.number ?? null;
    this.nav.replaceChildren(...phones.map((phone) => this.button(phone)));
    for (const phone of phones) phone.element.classList.toggle("chosen", phone.handset.number === this.chosen);
  }

  button({ handset }) {
    const button = element("button", handset.name || handset.number);
    const badge = this.badge(handset);
    if (badge) button.append(" ", element("small", `● ${badge}`));
    button.type = "button";
    button.dataset.number = handset.number;
    button.setAttribute("aria-current", String(handset.number === this.chosen));
    button.addEventListener("click", () => this.choose(handset.number));
    return button;
  }

  badge(handset) {
    const call = liveCall(handset);
    if (call) return isRinging(call) ? "ringing" : "in a call";
    const count = this.unread.get(handset.number) ?? 0;
    return count && handset.number !== this.chosen ? `${count} new` : "";
  }

  addUnread(number) {
    if (number !== this.chosen) this.unread.set(number, (this.unread.get(number) ?? 0) + 1);
  }

  choose(number) {
    const hadFocus = this.nav.contains(document.activeElement);
    this.chosen = number;
    this.unread.delete(number);
    this.draw(this.phones);
    if (hadFocus) this.nav.querySelector(`[aria-current="true"]`)?.focus();
  }
}
