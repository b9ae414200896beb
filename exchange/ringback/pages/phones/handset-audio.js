// The ear: says and plays, one after the other, what the handset held to it hears.

import { speak } from "./speech-synthesis.js";
import * as tones from "./dtmf-tones.js";

export class HandsetAudio {
  /** `spoken(call, id, speaking)` tells the exchange how far the voice is. */
  constructor(sound, spoken) {
    Object.assign(this, { sound, spoken, queue: [], playing: null, held: null });
  }

  /** Only one handset is at the ear; what another one was saying stops. */
  hold(number) {
    if (this.held === number) return;
    this.held = number;
    this.queue = [];
    this.playing?.stop();
  }

  /** True when it will be heard, so that captions need not be announced as well. */
  hear(call, item) {
    this.held ??= call.handset;
    if (!this.sound.on || this.held !== call.handset || item.ended) return false;
    const sounds = SOUNDS[item.verb]?.(item, this.sound.hasVoice);
    if (!sounds) return false;
    if (sounds.timed) this.spoken(call, item.id, true);
    this.queue.push({ call, item, ...sounds });
    if (!this.playing) this.next();
    return Boolean(sounds.timed);
  }

  async next() {
    const piece = this.queue.shift();
    if (!piece) return;
    this.playing = { ...piece, ...piece.begin() };
    await this.playing.done;
    if (piece.timed) this.spoken(piece.call, piece.item.id, false);
    this.playing = null;
    this.next();
  }

  /** Cut one item short, or everything of a call. */
  stop(call, id = null) {
    const meant = (piece) => piece.call.sid === call.sid && (id === null || piece.item.id === id);
    this.queue = this.queue.filter((piece) => !meant(piece));
    if (this.playing && meant(this.playing)) this.playing.stop();
    if (id === null && this.held === call.handset) this.held = null;
  }
}

const brief = (sound) => ({ begin: () => { sound(); return { done: Promise.resolve(), stop() {} }; } });

const SOUNDS = {
  Say: (item, hasVoice) => hasVoice && item.text && { timed: true, begin: () => speak(item.text, item.language) },
  Voice: (item, hasVoice) => {
    if (item.url) return { begin: () => play(item.url) };
    return hasVoice && item.text && { begin: () => speak(item.text) };
  },
  Play: (item) => item.url && { timed: true, begin: () => play(item.url) },
  Tones: (item) => brief(() => tones.keys(item.digits)),
  Beep: () => brief(tones.beep),
};

function play(url) {
  const audio = new Audio(url);
  let stop;
  const done = new Promise((resolve) => {
    stop = () => { audio.pause(); resolve(); };
    audio.onended = audio.onerror = resolve;
    audio.play().catch(resolve);
  });
  return { done, stop };
}
