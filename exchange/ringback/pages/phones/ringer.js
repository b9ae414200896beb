// The bell: rings while a call to one of the handsets waits to be answered.

import { liveCall, rings } from "./state.js";
import { bell } from "./dtmf-tones.js";

export class Ringer {
  constructor(sound) {
    Object.assign(this, { sound, silence: null });
  }

  follow(handsets) {
    const rings = this.sound.on && [...handsets].some(waits);
    if (rings && !this.silence) this.silence = bell();
    if (!rings) this.silence = this.silence?.();
  }
}

function waits(handset) {
  const call = liveCall(handset);
  return call && rings(call) && handset.when_called === "rings";
}
