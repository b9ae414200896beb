// Plays a tone of one or more frequencies.

let context = null;

/** `frequencies` are in hertz; `delay` is in seconds. */
export function playTone(frequencies, seconds, delay = 0) {
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
