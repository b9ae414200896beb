// Plays what the active handset hears: speech, media and tones, one after another.

import { playGrowing } from "./growing-audio.js";
import { speak } from "./speech-synthesis.js";
import { playBeep } from "./beep.js";
import { playKeys } from "./dtmf-tones.js";

export class HandsetAudio {
  /** `reportSpeaking(call, id, speaking)` tells the exchange that an item has started or ended. */
  constructor(sound, reportSpeaking) {
    Object.assign(this, { sound, reportSpeaking, queue: [], playing: null, activeNumber: null });
  }

  /** Only one handset is audible. Stops the audio of the previous one. */
  activate(number) {
    if (this.activeNumber === number) return;
    this.activeNumber = number;
    this.queue = [];
    this.playing?.stop();
  }

  /** Returns true if the item will be heard as speech or media, so that its caption need not be announced. */
  add(call, item) {
    this.activeNumber ??= call.handset;
    if (!this.sound.on || this.activeNumber !== call.handset || item.ended) return false;
    const audio = AUDIO[item.verb]?.(item, this.sound.hasVoice);
    if (!audio) return false;
    if (audio.reported) this.reportSpeaking(call, item.id, true);
    this.queue.push({ call, item, ...audio });
    if (!this.playing) this.playNext();
    return Boolean(audio.reported);
  }

  async playNext() {
    const entry = this.queue.shift();
    if (!entry) return;
    this.playing = { ...entry, ...entry.start() };
    await this.playing.done;
    if (entry.reported) this.reportSpeaking(entry.call, entry.item.id, false);
    this.playing = null;
    this.playNext();
  }

  /** Stops one item, or all the audio of a call. */
  stop(call, id = null) {
    const matches = (entry) => entry.call.sid === call.sid && (id === null || entry.item.id === id);
    this.queue = this.queue.filter((entry) => !matches(entry));
    if (this.playing && matches(this.playing)) this.playing.stop();
    if (id === null && this.activeNumber === call.handset) this.activeNumber = null;
  }
}

const tone = (play) => ({ start: () => { play(); return { done: Promise.resolve(), stop() {} }; } });

// For each verb, `start()` returns {done, stop}. The exchange waits for items with `reported`.
const AUDIO = {
  Say: (item, hasVoice) => hasVoice && item.text && { reported: true, start: () => speak(item.text, item.language) },
  Voice: (item, hasVoice) => {
    if (item.url) return { start: () => play(item.url) };
    return hasVoice && item.text && { start: () => speak(item.text) };
  },
  Audio: (item) => item.url && { start: () => playGrowing(item.url) },
  Play: (item) => item.url && { reported: true, start: () => play(item.url) },
  Tones: (item) => tone(() => playKeys(item.digits)),
  Beep: () => tone(playBeep),
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
