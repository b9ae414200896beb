// The call screen of one phone: who, how far, what is heard, and everything the person can do about it.

import { announce } from "./screen-reader.js";
import { Captions } from "./captions.js";
import { Clock } from "./call-clock.js";
import { handsetPath, request } from "./api.js";
import { say, show } from "./dom.js";
import { followKeyboard, layOut } from "./keypad.js";
import { Microphone } from "./microphone.js";
import { rings } from "./state.js";
import * as tones from "./dtmf-tones.js";
import { listeningPrompt } from "./listening-prompt.js";

const MAX_WAIT_SECONDS = 10; // seconds that typed words are kept for the next listener: typing takes longer than speaking
const STATUS_LABELS = { queued: "Calling…", ringing: "Ringing…", "in-progress": "Connected" };

export class CallScreen {
  /** `called(number)`: how people call it; `ear`, `sound`: where it is heard. */
  constructor(parts, { called, handsetAudio, sound }) {
    Object.assign(this, { parts, called, handsetAudio, sound, call: null });
    this.captions = new Captions(parts.captions, called);
    this.clock = new Clock(parts.clock);
    this.microphone = new Microphone(parts.microphone, {
      words: (words, confidence) => this.speak(words, confidence),
      interim: (words) => { parts.words.value = words; },
      audio: (wav) => this.tell("audio", wav),
      trouble: (sentence) => this.complain(sentence),
    });
    layOut(parts.keypad, (digit) => this.press(digit));
    followKeyboard(parts.call, parts.keypad, (digit) => this.press(digit), (event) => this.typed(event));
    parts.wordsForm.addEventListener("submit", (event) => { event.preventDefault(); this.speak(parts.words.value); });
    parts.answer.addEventListener("click", () => this.answer());
    for (const button of [parts.decline, parts.hangup]) button.addEventListener("click", () => this.leave());
    for (const kind of ["focusin", "pointerdown"]) parts.call.addEventListener(kind, () => this.listenHere());
  }

  draw(call) {
    const { parts } = this;
    if (call.sid !== this.call?.sid) this.complain("");
    this.call = call;
    const waits = rings(call);
    parts.sequence.href = `/calls/${call.sid}`;
    say(parts.with, this.called(call.with));
    say(parts.progress, waits ? "is calling…" : STATUS_LABELS[call.status]);
    parts.call.setAttribute("aria-label", `Call with ${this.called(call.with)}`);
    this.clock.follow(call);
    show(waits, parts.ringing);
    show(!waits, parts.hangup);
    show(call.status === "in-progress", parts.keypad);
    this.captions.draw(call);
    this.drawListening();
  }

  async drawListening() {
    const { parts, call } = this;
    const listening = call.status === "in-progress" ? call.listening : null;
    this.drawWanted(listeningPrompt(listening, !parts.microphone.hidden, this.called));
    const hasMicrophone = await this.microphone.serve(listening);
    if (this.call === call) this.drawWanted(listeningPrompt(listening, hasMicrophone, this.called));
  }

  drawWanted(want) {
    const { parts } = this;
    const hadFocus = document.activeElement === parts.words;
    say(parts.wanted, want?.sentence ?? "");
    parts.listening.classList.toggle("recording", Boolean(want?.recording));
    show(Boolean(want), parts.listening);
    show(Boolean(want?.words), parts.wordsForm);
    if (hadFocus && !want?.words) parts.call.focus();
    if (this.wrote && want?.words && document.activeElement === parts.call) parts.words.focus();
    this.wrote = hadFocus || (this.wrote && !want?.words); // who writes comes back to the field for the next question
    if (want?.recording && !this.announced) announce(want.sentence);
    this.announced = Boolean(want?.recording);
  }

  async press(digit) {
    if (this.call.status !== "in-progress") return;
    if (this.sound.on) tones.key(digit);
    this.note(`Key ${digit}`);
    await this.microphone.stop(); // what it heard has to arrive before the key that ends a recording
    this.tell("keys", { digits: digit });
  }

  async speak(words, confidence) {
    if (!words.trim()) return;
    const field = this.parts.words;
    const more = confidence ? { confidence } : {};
    field.value = "";
    this.note(`“${words.trim()}”`);
    const taken = await this.tell("speech", { words: words.trim(), wait: MAX_WAIT_SECONDS, ...more });
    if (!taken && !field.value) field.value = words;
  }

  answer() {
    this.listenHere();
    this.tell("answer", {});
    this.parts.call.focus();
  }

  leave() {
    this.tell("hangup", {});
  }

  /** A letter typed on the call screen begins a sentence, when words are listened for. */
  typed(event) {
    if (event.key.length === 1 && /\p{L}/u.test(event.key) && !this.parts.wordsForm.hidden && !this.parts.listening.hidden) {
      this.parts.words.focus();
    }
  }

  listenHere() {
    if (this.call) this.handsetAudio.hold(this.call.handset);
  }

  /** What the person did, among what was heard. */
  note(words) {
    this.call.said.push({ words, after: Math.max(0, ...this.call.heard.keys()) });
    this.captions.draw(this.call);
  }

  /** True when the exchange took it. */
  async tell(what, body) {
    try {
      await request(handsetPath(this.call.handset, "calls", this.call.sid, what), body);
      this.complain("");
      return true;
    } catch (error) {
      this.complain(error.message);
      return false;
    }
  }

  complain(sentence) {
    say(this.parts.callTrouble, sentence);
    show(Boolean(sentence), this.parts.callTrouble);
  }

  over() {
    this.clock.stop();
    this.microphone.serve(null);
    this.parts.words.value = "";
    this.call = null;
  }
}
