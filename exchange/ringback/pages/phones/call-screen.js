// A phone's call screen: the other party, the status, the captions and the controls.

import { announce } from "./live-regions.js";
import { Captions } from "./captions.js";
import { CallClock } from "./call-clock.js";
import { handsetPath, request } from "./api.js";
import { setText, setVisible } from "./dom.js";
import { addKeys, handleKeyboard } from "./keypad.js";
import { Microphone } from "./microphone.js";
import { isRinging } from "./state.js";
import { playKey } from "./dtmf-tones.js";
import { listeningPrompt } from "./listening-prompt.js";

const MAX_WAIT_SECONDS = 10; // how long typed speech waits for the exchange to listen again, because typing is slower than speaking
const STATUS_LABELS = { queued: "Calling…", ringing: "Ringing…", "in-progress": "Connected" };

export class CallScreen {
  /** `displayName(number)` returns the name or number to show; `handsetAudio` plays the call; `sound` is the sound switch. */
  constructor(parts, { displayName, handsetAudio, sound }) {
    Object.assign(this, { parts, displayName, handsetAudio, sound, call: null });
    this.captions = new Captions(parts.captions, displayName);
    this.clock = new CallClock(parts.clock);
    this.microphone = new Microphone(parts.microphone, {
      onSpeech: (words, confidence) => this.speak(words, confidence),
      onInterim: (words) => { parts.speech.value = words; },
      onAudio: (wav) => this.send("audio", wav),
      showError: (sentence) => this.showError(sentence),
    });
    addKeys(parts.keypad, (digit) => this.press(digit));
    handleKeyboard(parts.call, parts.keypad, (digit) => this.press(digit), (event) => this.typed(event));
    parts.speechForm.addEventListener("submit", (event) => { event.preventDefault(); this.speak(parts.speech.value); });
    parts.answer.addEventListener("click", () => this.answer());
    for (const button of [parts.decline, parts.hangup]) button.addEventListener("click", () => this.hangUp());
    for (const kind of ["focusin", "pointerdown"]) parts.call.addEventListener(kind, () => this.activateAudio());
  }

  draw(call) {
    const { parts } = this;
    if (call.sid !== this.call?.sid) this.showError("");
    this.call = call;
    const ringing = isRinging(call);
    parts.sequence.href = `/calls/${call.sid}`;
    setText(parts.with, this.displayName(call.with));
    setText(parts.status, ringing ? callingText(call) : STATUS_LABELS[call.status]);
    parts.call.setAttribute("aria-label", `Call with ${this.displayName(call.with)}`);
    this.clock.update(call);
    setVisible(ringing, parts.ringing);
    setVisible(!ringing, parts.hangup);
    setVisible(call.status === "in-progress", parts.keypad);
    this.captions.draw(call);
    this.drawListening();
  }

  async drawListening() {
    const { parts, call } = this;
    const listening = call.status === "in-progress" ? call.listening : null;
    this.drawPrompt(listeningPrompt(listening, !parts.microphone.hidden, this.displayName));
    const hasMicrophone = await this.microphone.update(listening);
    if (this.call === call) this.drawPrompt(listeningPrompt(listening, hasMicrophone, this.displayName));
  }

  drawPrompt(prompt) {
    const { parts } = this;
    const hadFocus = document.activeElement === parts.speech;
    setText(parts.prompt, prompt?.sentence ?? "");
    parts.listening.classList.toggle("recording", Boolean(prompt?.recording));
    setVisible(Boolean(prompt), parts.listening);
    setVisible(Boolean(prompt?.speech), parts.speechForm);
    if (hadFocus && !prompt?.speech) parts.call.focus();
    if (this.wasTyping && prompt?.speech && document.activeElement === parts.call) parts.speech.focus();
    this.wasTyping = hadFocus || (this.wasTyping && !prompt?.speech); // the field gets the focus back on the next prompt
    if (prompt?.recording && !this.announced) announce(prompt.sentence);
    this.announced = Boolean(prompt?.recording);
  }

  async press(digit) {
    if (this.call.status !== "in-progress") return;
    if (this.sound.on) playKey(digit);
    this.addSaid(`Key ${digit}`);
    if (!this.call.listening?.stream) await this.microphone.stop(); // the last audio must arrive before the key that ends a recording
    this.send("keys", { digits: digit });
  }

  async speak(words, confidence) {
    if (!words.trim()) return;
    const field = this.parts.speech;
    const options = confidence ? { confidence } : {};
    field.value = "";
    this.addSaid(`“${words.trim()}”`);
    const accepted = await this.send("speech", { words: words.trim(), wait: MAX_WAIT_SECONDS, ...options });
    if (!accepted && !field.value) field.value = words;
  }

  answer() {
    this.activateAudio();
    this.send("answer", {});
    this.parts.call.focus();
  }

  hangUp() {
    this.send("hangup", {});
  }

  /** Typing a letter on the call screen moves the focus to the speech field if the exchange listens for speech. */
  typed(event) {
    if (event.key.length === 1 && /\p{L}/u.test(event.key) && !this.parts.speechForm.hidden && !this.parts.listening.hidden) {
      this.parts.speech.focus();
    }
  }

  activateAudio() {
    if (this.call) this.handsetAudio.activate(this.call.handset);
  }

  /** Adds what the person said or pressed to the captions. */
  addSaid(words) {
    this.call.said.push({ words, after: Math.max(0, ...this.call.heard.keys()) });
    this.captions.draw(this.call);
  }

  /** Posts to the handset API. Returns true if the exchange accepted it; otherwise shows the error. */
  async send(action, body) {
    try {
      await request(handsetPath(this.call.handset, "calls", this.call.sid, action), body);
      this.showError("");
      return true;
    } catch (error) {
      this.showError(error.message);
      return false;
    }
  }

  showError(sentence) {
    setText(this.parts.callError, sentence);
    setVisible(Boolean(sentence), this.parts.callError);
  }

  /** Resets the screen after the call. */
  close() {
    this.clock.stop();
    this.microphone.update(null);
    this.parts.speech.value = "";
    this.call = null;
  }
}

/** What the called person sees: the call reason, and what a client or a SIP address receives with the call. */
function callingText({ reason, parameters = {} }) {
  const received = Object.entries(parameters).map(([name, value]) => `${name}: ${value}`);
  const details = [reason, ...received].filter(Boolean).join(", ");
  return details ? `is calling: ${details}` : "is calling…";
}
