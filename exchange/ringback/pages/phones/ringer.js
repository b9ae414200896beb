// The bell, which rings while a call to one of the handsets is waiting to be answered.

import { isRinging, liveCall } from "./state.js";
import { playTone } from "./tone-generator.js";

const BELL_HZ = [400, 450];

export class Ringer {
  constructor(sound) {
    Object.assign(this, { sound, stopBell: null });
  }

  update(handsets) {
    const shouldRing = this.sound.on && [...handsets].some(isRung);
    if (shouldRing && !this.stopBell) this.stopBell = startBell();
    if (!shouldRing) this.stopBell = this.stopBell?.();
  }
}

function isRung(handset) {
  const call = liveCall(handset);
  return call && isRinging(call) && handset.when_called === "rings";
}

/** Rings until the returned function is called. */
function startBell() {
  const ring = () => { playTone(BELL_HZ, 0.4); playTone(BELL_HZ, 0.4, 0.6); };
  ring();
  const timer = setInterval(ring, 3000);
  return () => clearInterval(timer);
}
