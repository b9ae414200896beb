// One phone on the page: its thread, text field, call screen and settings.

import { CallScreen } from "./call-screen.js";
import { Compose } from "./compose.js";
import { handsetPath, request } from "./api.js";
import { parts, setText, setVisible } from "./dom.js";
import { isWhatsApp, readable } from "./phone-numbers.js";
import { Settings } from "./handset-settings.js";
import { isRinging, liveCall } from "./state.js";
import { Thread } from "./thread.js";

export class Phone {
  /** `page` has displayName(number), partners(number), onCreated(kind, resource), removePhone(phone), state, handsetAudio and sound. */
  constructor(handset, page) {
    Object.assign(this, { handset, page, chosenPartner: null });
    this.element = document.getElementById("phone-template").content.cloneNode(true).firstElementChild;
    this.parts = parts(this.element);
    this.thread = new Thread(this.parts, { displayName: page.displayName, partner: () => this.partner });
    this.screen = new CallScreen(this.parts, page);
    this.compose = new Compose(this.parts, handset.number, {
      recipient: () => this.partner,
      onSent: (text) => page.onCreated("text", text),
    });
    this.settings = new Settings(this.parts, handset, {
      partners: () => page.partners(handset.number),
      partner: () => this.partner,
      onPartner: (number) => this.choosePartner(number),
      onRemove: () => page.removePhone(this),
      showError: (sentence) => this.compose.showError(sentence),
    });
    this.parts.dial.addEventListener("click", () => this.dial());
    setVisible(!isWhatsApp(handset.number), this.parts.dial); // WhatsApp only has texts here
  }

  /** The number that this phone texts and calls: the app's, unless another one has been chosen. */
  get partner() { return this.chosenPartner ?? this.page.state.number; }

  choosePartner(number) {
    this.chosenPartner = number === this.page.state.number ? null : number;
    this.draw();
  }

  draw(live = false) {
    this.drawNames();
    this.thread.draw(this.handset, live);
    const call = liveCall(this.handset);
    this.element.classList.toggle("ringing", Boolean(call) && isRinging(call));
    this.element.classList.toggle("busy", Boolean(call));
    if (call) this.screen.draw(call);
    if (Boolean(call) === this.parts.call.hidden) this.switchScreen(call);
  }

  drawNames() {
    const { parts, handset } = this;
    const name = handset.name || readable(handset.number);
    const partner = this.page.displayName(this.partner ?? "");
    setText(parts.name, name);
    setText(parts.number, readable(handset.number));
    setText(parts.empty, `Nothing here yet. ${isWhatsApp(handset.number) ? "Text" : "Text or call"} ${partner}.`);
    parts.text.placeholder = this.chosenPartner ? `Text ${partner}` : "Text";
    parts.text.setAttribute("aria-label", `Text from ${name} to ${partner}`);
    parts.dial.setAttribute("aria-label", `Call ${partner} from ${name}`);
    parts.more.setAttribute("aria-label", `Settings for ${name}`);
    parts.scroller.setAttribute("aria-label", `Texts and calls of ${name}`);
    parts.captions.setAttribute("aria-label", `What ${name} hears`);
    parts.speech.setAttribute("aria-label", `What ${name} says`);
    this.element.setAttribute("aria-label", name);
  }

  /** Shows the call screen, or the home screen if there is no call. Keeps the keyboard focus on this phone. */
  switchScreen(call) {
    const { parts } = this;
    const hadFocus = this.element.contains(document.activeElement);
    if (call) parts.settings.hidden = true;
    else this.screen.close();
    setVisible(Boolean(call), parts.call);
    setVisible(!call, parts.home, parts.more);
    setVisible(!call && !isWhatsApp(this.handset.number), parts.dial);
    parts.more.setAttribute("aria-expanded", "false");
    if (call) this.element.scrollIntoView({ block: "nearest" });
    if (hadFocus) (call ? parts.call : parts.dial).focus();
  }

  async dial() {
    this.parts.dial.disabled = true;
    this.page.handsetAudio.activate(this.handset.number);
    try {
      this.page.onCreated("call", await request(handsetPath(this.handset.number, "calls"), { to: this.partner }));
      this.compose.showError("");
      this.parts.call.focus();
    } catch (error) {
      this.compose.showError(`The call failed. ${error.message}`);
    }
    this.parts.dial.disabled = false;
  }
}
