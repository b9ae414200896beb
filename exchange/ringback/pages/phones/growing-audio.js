// Plays a WAV file from the exchange while it grows: what an app plays over a media stream.

const RATE_HZ = 8000; // 16-bit, one channel
const HEADER_BYTES = 44;
const LEAD_SECONDS = 0.1; // between arrival and playback, so that a late part does not interrupt the sound

let context = null;

/** Returns {done, stop}, like the other sounds of a handset. */
export function playGrowing(url) {
  context ??= new AudioContext();
  const aborter = new AbortController();
  const sources = new Set();
  const done = play(url, aborter.signal, sources).catch(() => {});
  return { done, stop: () => { aborter.abort(); for (const source of sources) source.stop(); } };
}

async function play(url, signal, sources) {
  const reader = (await fetch(url, { signal })).body.getReader();
  let at = context.currentTime + LEAD_SECONDS;
  let skipped = 0;
  let rest = new Uint8Array();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const header = Math.min(part.value.length, HEADER_BYTES - skipped);
    skipped += header;
    const bytes = new Uint8Array([...rest, ...part.value.subarray(header)]);
    const samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    rest = bytes.subarray(samples.length * 2);
    if (samples.length) at = schedule(samples, Math.max(at, context.currentTime), sources);
  }
  await Promise.all([...sources].map((source) => source.ended));
}

/** Plays the samples at this time of the audio context, and returns the time at which they end. */
function schedule(samples, at, sources) {
  const buffer = context.createBuffer(1, samples.length, RATE_HZ);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.ended = new Promise((resolve) => { source.onended = () => { sources.delete(source); resolve(); }; });
  source.connect(context.destination);
  source.start(at);
  sources.add(source);
  return at + buffer.duration;
}
