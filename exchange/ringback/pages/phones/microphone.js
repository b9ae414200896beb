// The microphone button: recognizes speech for a Gather, an agent or another person, and records for a Record or a Stream.

import { canRecognize, recognize } from "./speech-recognition.js";
import { record } from "./recorder.js";

const UNAVAILABLE_MESSAGE = "The microphone is not available here. Type instead.";

export async function hasMicrophone() {
  const devices = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  return Boolean(devices?.some((device) => device.kind === "audioinput"));
}

function purposeOf(listening) {
  if (listening?.record) return "record";
  if (listening?.stream) return "stream";
  if (listening?.talk) return "talk";
  if (listening?.relay) return "gather"; // an agent gets the words too
  return listening?.gather?.input.includes("speech") ? "gather" : null;
}

export class Microphone {
  /** `callbacks`: onInterim(words), onSpeech(words, confidence), onAudio(wav), showError(sentence). */
  constructor(button, callbacks) {
    Object.assign(this, { button, callbacks, stopCapture: null, purpose: null, session: 0 });
    button.addEventListener("click", () => (this.stopCapture ? this.stop() : this.start()));
  }

  /** Shows the button if a microphone can be used for what the exchange is listening for, and returns whether it can. */
  async update(listening) {
    const purpose = purposeOf(listening);
    if (purpose !== this.purpose) this.stop();
    this.purpose = purpose;
    this.language = (listening?.gather ?? listening?.relay)?.language;
    const isUsable = purpose && (purpose !== "gather" || canRecognize) && (await hasMicrophone());
    this.button.hidden = !isUsable;
    return isUsable;
  }

  async start() {
    const session = ++this.session;
    this.button.setAttribute("aria-pressed", "true");
    try {
      const stop = await (["record", "stream"].includes(this.purpose) || !canRecognize ? this.record() : this.recognize());
      if (session === this.session) this.stopCapture = stop;
      else stop(); // stopped before the browser granted permission
    } catch {
      this.reset("failed");
    }
  }

  record() {
    return record((wav) => this.callbacks.onAudio(wav), { live: this.purpose === "stream" });
  }

  async recognize() {
    return recognize(this.language, {
      onWords: (text, confidence, isFinal) => (isFinal ? this.callbacks.onSpeech(text, confidence) : this.callbacks.onInterim(text)),
      onEnd: (error) => this.reset(error),
    });
  }

  /** Resolves when the last audio has been sent. */
  async stop() {
    const stop = this.stopCapture;
    this.reset();
    await stop?.();
  }

  reset(error = null) {
    this.session += 1;
    this.stopCapture = null;
    this.button.setAttribute("aria-pressed", "false");
    if (error && !["no-speech", "aborted"].includes(error)) this.callbacks.showError(UNAVAILABLE_MESSAGE);
  }
}
