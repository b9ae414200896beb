// The telephone's own sounds: key tones, the beep before a recording, the bell.

const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
const KEYS = ["123A", "456B", "789C", "*0#D"];
const BELL_HZ = [400, 450];

let context = null;

function tone(frequencies, seconds, delay = 0) {
  context ??= new AudioContext();
  const begin = context.currentTime + delay;
  const volume = new GainNode(context, { gain: 0.08 / frequencies.length });
  volume.connect(context.destination);
  for (const frequency of frequencies) {
    const note = new OscillatorNode(context, { frequency });
    note.connect(volume);
    note.start(begin);
    note.stop(begin + seconds);
  }
}

export function key(digit, delay = 0) {
  const row = KEYS.findIndex((keys) => keys.includes(digit));
  if (row >= 0) tone([LOW_HZ[row], HIGH_HZ[KEYS[row].indexOf(digit)]], 0.1, delay);
}

export function keys(digits) {
  [...digits].forEach((digit, place) => key(digit, place * 0.18));
}

export function beep() {
  tone([1000], 0.3);
}

/** Rings until the function it returns is called. */
export function bell() {
  const once = () => { tone(BELL_HZ, 0.4); tone(BELL_HZ, 0.4, 0.6); };
  once();
  const again = setInterval(once, 3000);
  return () => clearInterval(again);
}
