// The DTMF tones of the keys.

import { playTone } from "./tone-generator.js";

const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
const KEYS = ["123A", "456B", "789C", "*0#D"];

export function playKey(digit, delay = 0) {
  const row = KEYS.findIndex((keys) => keys.includes(digit));
  if (row >= 0) playTone([LOW_HZ[row], HIGH_HZ[KEYS[row].indexOf(digit)]], 0.1, delay);
}

export function playKeys(digits) {
  [...digits].forEach((digit, index) => playKey(digit, index * 0.18));
}
