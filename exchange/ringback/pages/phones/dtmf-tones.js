// The sounds of a telephone: DTMF tones, the beep before a recording, and the bell.

const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
const KEYS = ["123A", "456B", "789C", "*0#D"];
const BELL_HZ = [400, 450];

let context = null;

function playTone(frequencies, seconds, delay = 0) {
  context ??= new AudioContext();
  const start = context.currentTime + delay;
  const volume = new GainNode(context, { gain: 0.08 / frequencies.length });
  volume.connect(context.destination);
  for (const frequency of frequencies) {
    const oscillator = new OscillatorNode(context, { frequency });
    oscillator.connect(volume);
    oscillator.start(start);
    oscillator.stop(start + seconds);
  }
}

export function playKey(digit, delay = 0) {
  const row = KEYS.findIndex((keys) => keys.includes(digit));
  if (row >= 0) playTone([LOW_HZ[row], HIGH_HZ[KEYS[row].indexOf(digit)]], 0.1, delay);
}

export function playKeys(digits) {
  [...digits].forEach((digit, index) => playKey(digit, index * 0.18));
}

export function playBeep() {
  playTone([1000], 0.3);
}

/** Rings until the returned function is called. */
export function startBell() {
  const ring = () => { playTone(BELL_HZ, 0.4); playTone(BELL_HZ, 0.4, 0.6); };
  ring();
  const timer = setInterval(ring, 3000);
  return () => clearInterval(timer);
}
