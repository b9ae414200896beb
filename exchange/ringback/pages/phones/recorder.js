// Records from the microphone, and passes on a WAV file for every second that is not silent.

import { wav } from "./wav.js";

const SAMPLE_RATE_HZ = 16_000; // enough for telephone audio
const CHUNK_SAMPLES = SAMPLE_RATE_HZ;
const SILENCE_LEVEL = 0.02; // peak, from 0 to 1; silence must not reach the exchange, because it ends a Record

/** Starts recording. Resolves to a function that stops it and resolves when the last samples have been passed on. */
export async function record(onAudio) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
  await context.audioWorklet.addModule("/pages/phones/recorder-worklet.js");
  const tap = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
  let samples = [];
  const flush = () => {
    const chunk = samples;
    samples = [];
    return chunk.some((sample) => Math.abs(sample) > SILENCE_LEVEL) ? onAudio(wav(chunk, SAMPLE_RATE_HZ)) : null;
  };
  tap.port.onmessage = ({ data }) => { samples.push(...data); if (samples.length >= CHUNK_SAMPLES) flush(); };
  context.createMediaStreamSource(stream).connect(tap);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await flush();
    await context.close();
  };
}
