// One phone on the page: puts thread, text field, call screen and settings together and draws what changed.

import { CallScreen } from "./call-screen.js";
import { Compose } from "./compose.js";
import { handsetPath, request } from "./api.js";
import { parts, say, show } from "./dom.js";
import { readable } from "./phone-numbers.js";
import { Settings } from "./settings.js";
import { liveCall, rings } from "./state.js";
import { Thread } from "./thread.js";

export class Phone {
  /** `called(number)`, `partners(number)`, `took(kind, thing)`, `away(phone)`, and `state`, `ear`, `sound`. */
  constructor(handset, page) {
    Object.assign(this, { handset, page, chosen: null });
    this.element = document.getElementById("phone-template").content.cloneNode(true).firstElementChild;
    this.parts = parts(this.element);
    const partner = (number) => (number === undefined ? this.partner : this.talkTo(number));
    this.thread = new Thread(this.parts.thread, this.parts.roll, this.parts.invitation, { called: page.called, usual: () => this.partner });
    this.screen = new CallScreen(this.parts, page);
    this.compose = new Compose(this.parts, handset.number, { to: () => this.partner, sent: (text) => page.took("text", text) });
    this.settings = new Settings(this.parts, handset, {
      partners: () => page.partners(handset.number),
      away: () => page.away(this),
      partner,
      trouble: (sentence) => this.compose.complain(sentence),
    });
    this.parts.dial.addEventListener("click", () => this.dial());
  }

  /** Whom this phone texts and calls: the app, unless somebody else was chosen. */
  get partner() { return this.chosen ?? this.page.state.number; }

  talkTo(number) {
    this.chosen = number === this.page.state.number ? null : number;
    this.draw();
  }

  draw(live = false) {
    this.name();
    this.thread.draw(this.handset, live);
    const call = liveCall(this.handset);
    this.element.classList.toggle("ringing", Boolean(call) && rings(call));
    this.element.classList.toggle("busy", Boolean(call));
    if (call) this.screen.draw(call);
    if (Boolean(call) === this.parts.call.hidden) this.turn(call);
  }

  name() {
    const { parts, handset } = this;
    const name = handset.name || readable(handset.number);
    const partner = this.page.called(this.partner ?? "");
    say(parts.name, name);
    say(parts.own, readable(handset.number));
    say(parts.invitation, `Nothing here yet. Write a text to ${partner}, or call it.`);
    parts.text.placeholder = this.chosen ? `Text to ${partner}` : "Text";
    parts.text.setAttribute("aria-label", `Text from ${name} to ${partner}`);
    parts.dial.setAttribute("aria-label", `Call ${partner} from ${name}`);
    parts.more.setAttribute("aria-label", `Settings of ${name}`);
    parts.roll.setAttribute("aria-label", `Texts and calls of ${name}`);
    parts.captions.setAttribute("aria-label", `What ${name} hears`);
    parts.words.setAttribute("aria-label", `What ${name} says`);
    this.element.setAttribute("aria-label", name);
  }

  /** To the call screen, or back from it; whoever was here with the keyboard comes along. */
  turn(call) {
    const { parts } = this;
    const wasHere = this.element.contains(document.activeElement);
    if (call) this.settings.parts.settings.hidden = true;
    else this.screen.over();
    show(Boolean(call), parts.call);
    show(!call, parts.home, parts.dial, parts.more);
    parts.more.setAttribute("aria-expanded", "false");
    if (wasHere) (call ? parts.call : parts.dial).focus();
  }

  async dial() {
    this.parts.dial.disabled = true;
    this.page.handsetAudio.hold(this.handset.number);
    try {
      this.page.took("call", await request(handsetPath(this.handset.number, "calls"), { to: this.partner }));
      this.compose.complain("");
      this.parts.call.focus();
    } catch (error) {
      this.compose.complain(`No call. ${error.message}`);
    }
    this.parts.dial.disabled = false;
  }
}
