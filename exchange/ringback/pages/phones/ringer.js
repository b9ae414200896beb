// The bell, which rings while a call to one of the handsets is waiting to be answered.

import { isRinging, liveCall } from "./state.js";
import { startBell } from "./dtmf-tones.js";

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
