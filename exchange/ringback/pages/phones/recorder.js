// Records the microphone and hands it over, a WAV file for every second in which there was something to hear.

import { wav } from "./wav.js";

const SAMPLE_RATE_HZ = 16_000; // plenty for a telephone
const CHUNK_SAMPLES = SAMPLE_RATE_HZ; // samples handed over at a time
const QUIET_LEVEL = 0.02; // of full loudness; silence is not handed over, so that the exchange can end a recording on it

/** Starts at once; the function it resolves to stops, and resolves when what was left has been handed over. */
export async function record(handOver) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
  await context.audioWorklet.addModule("/pages/phones/recorder-worklet.js");
  const tap = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
  let samples = [];
  const flush = () => {
    const piece = samples;
    samples = [];
    return piece.some((sample) => Math.abs(sample) > QUIET_LEVEL) ? handOver(wav(piece, SAMPLE_RATE_HZ)) : null;
  };
  tap.port.onmessage = ({ data }) => { samples.push(...data); if (samples.length >= CHUNK_SAMPLES) flush(); };
  context.createMediaStreamSource(stream).connect(tap);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await flush();
    await context.close();
  };
}
