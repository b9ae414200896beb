// The beep before a recording.

import { playTone } from "./tone-generator.js";

export function playBeep() {
  playTone([1000], 0.3);
}
