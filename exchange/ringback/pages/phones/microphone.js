// The microphone button: recognises words for a Gather, records for a Record, and says plainly when it cannot.

import { canRecognise, recognise } from "./speech-recognition.js";
import { record } from "./recorder.js";

const UNAVAILABLE_MESSAGE = "The microphone does not work here. Type instead.";

/** Whether there is a microphone at all. */
export async function present() {
  const devices = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  return Boolean(devices?.some((device) => device.kind === "audioinput"));
}

function useFor(listening) {
  if (listening?.record) return "record";
  if (listening?.talk) return "talk";
  return listening?.gather?.input.includes("speech") ? "gather" : null;
}

export class Microphone {
  /** `interim(words)`, `words(words, confidence)`, `audio(wav)`, `trouble(sentence)`. */
  constructor(button, hooks) {
    Object.assign(this, { button, hooks, stopIt: null, kind: null, turn: 0 });
    button.addEventListener("click", () => (this.stopIt ? this.stop() : this.start()));
  }

  /** What it would be used for, or null; it stops when that is over. */
  async serve(listening) {
    const kind = useFor(listening);
    if (kind !== this.kind) this.stop();
    this.kind = kind;
    this.language = listening?.gather?.language;
    const usable = kind && (kind !== "gather" || canRecognise) && (await present());
    this.button.hidden = !usable;
    return usable;
  }

  async start() {
    const turn = ++this.turn;
    this.button.setAttribute("aria-pressed", "true");
    try {
      const stop = await (this.kind === "record" || !canRecognise ? this.record() : this.recognise());
      if (turn === this.turn) this.stopIt = stop;
      else stop(); // it was over before the microphone was allowed
    } catch {
      this.over("failed");
    }
  }

  record() {
    return record((wav) => this.hooks.audio(wav));
  }

  async recognise() {
    return recognise(this.language, {
      words: (text, confidence, final) => (final ? this.hooks.words(text, confidence) : this.hooks.interim(text)),
      over: (error) => this.over(error),
    });
  }

  /** Resolves when what it heard has been handed over. */
  async stop() {
    const stop = this.stopIt;
    this.over();
    await stop?.();
  }

  over(error = null) {
    this.turn += 1;
    this.stopIt = null;
    this.button.setAttribute("aria-pressed", "false");
    if (error && !["no-speech", "aborted"].includes(error)) this.hooks.trouble(UNAVAILABLE_MESSAGE);
  }
}
