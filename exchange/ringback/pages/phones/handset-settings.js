// A handset's settings: its name, what happens when it is called, its partner and its location. Also removes it or deletes its history.

import { handsetPath, request } from "./api.js";
import { element, setVisible } from "./dom.js";
import { settingsOf } from "./state.js";

const PLACE = ["city", "state", "zip", "country"];
const CONFIRM_LABEL = "Really delete the history?";

export class Settings {
  /**
   * `partners()` returns `[[number, label]…]`, and `partner()` the chosen number; `onPartner(number)` changes it.
   * `onRemove()` removes the phone from the page. `showError(sentence)` shows an error.
   */
  constructor(parts, handset, { partners, partner, onPartner, onRemove, showError }) {
    Object.assign(this, { parts, handset, partners, partner, showError });
    this.clearLabel = parts.clear.textContent;
    parts.more.addEventListener("click", () => this.toggle(parts.settings.hidden));
    parts.settings.addEventListener("submit", (event) => { event.preventDefault(); this.toggle(false); });
    parts.settings.addEventListener("keydown", (event) => { if (event.key === "Escape") this.toggle(false); });
    parts.rename.addEventListener("change", () => this.change({ name: parts.rename.value.trim() || handset.number }));
    parts.whenCalled.addEventListener("change", () => this.change({ when_called: parts.whenCalled.value }));
    for (const name of PLACE) parts[name].addEventListener("change", () => this.changePlace(name));
    parts.addOns.addEventListener("change", () => this.changeAddOns());
    parts.partner.addEventListener("change", () => onPartner(parts.partner.value));
    parts.remove.addEventListener("click", onRemove);
    parts.clear.addEventListener("click", () => this.clear());
    parts.clear.addEventListener("blur", () => { parts.clear.textContent = this.clearLabel; });
  }

  toggle(isOpen) {
    const { parts } = this;
    if (isOpen) this.draw();
    setVisible(isOpen, parts.settings);
    setVisible(!isOpen, parts.home);
    parts.more.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? parts.rename : parts.more).focus();
  }

  draw() {
    const { parts, handset } = this;
    parts.rename.value = handset.name ?? "";
    parts.whenCalled.value = handset.when_called;
    for (const name of PLACE) parts[name].value = handset[name] ?? "";
    parts.addOns.value = Object.keys(handset.add_ons ?? {}).length ? JSON.stringify(handset.add_ons, null, 1) : "";
    parts.partner.replaceChildren(...this.partners().map(([number, label]) => Object.assign(element("option", label), { value: number })));
    parts.partner.value = this.partner() ?? "";
  }

  changePlace(name) {
    const value = this.parts[name].value.trim();
    if (this.parts[name].reportValidity()) this.change({ [name]: name === "country" ? value.toUpperCase() : value });
  }

  /** The field holds a JSON object with the results by add-on; an empty field means no results. */
  changeAddOns() {
    const field = this.parts.addOns;
    let results = null;
    try {
      results = JSON.parse(field.value.trim() || "{}");
    } catch { /* reported below */ }
    const isObject = results !== null && typeof results === "object" && !Array.isArray(results);
    field.setCustomValidity(isObject ? "" : 'Use a JSON object, such as {"twilio_caller_name": {"status": "successful"}}.');
    if (field.reportValidity()) this.change({ add_ons: results });
  }

  async change(fields) {
    try {
      await request(handsetPath(this.handset.number), fields);
      this.showError("");
    } catch (error) {
      this.showError(error.message);
    }
  }

  /** Asks for confirmation on the first click; on the second, deletes texts and finished calls. */
  async clear() {
    if (this.parts.clear.textContent !== CONFIRM_LABEL) {
      this.parts.clear.textContent = CONFIRM_LABEL;
      return;
    }
    this.parts.clear.textContent = this.clearLabel;
    await request(handsetPath(this.handset.number), undefined, "DELETE").catch((error) => this.showError(error.message));
    this.change({ name: this.handset.name, ...settingsOf(this.handset) });
  }
}
