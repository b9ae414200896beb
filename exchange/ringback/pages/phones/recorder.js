// Records the microphone and hands it over, a WAV file for every second in which there was something to hear.

import { wav } from "./wav.js";

const RATE = 16_000; // samples a second: plenty for a telephone
const PIECE = RATE; // samples handed over at a time
const QUIET = 0.02; // of full loudness; silence is not handed over, so that the exchange can end a recording on it

/** Starts at once; the function it resolves to stops, and resolves when what was left has been handed over. */
export async function record(handOver) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: RATE });
  await context.audioWorklet.addModule("/pages/phones/recorder-worklet.js");
  const tap = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
  let samples = [];
  const flush = () => {
    const piece = samples;
    samples = [];
    return piece.some((sample) => Math.abs(sample) > QUIET) ? handOver(wav(piece, RATE)) : null;
  };
  tap.port.onmessage = ({ data }) => { samples.push(...data); if (samples.length >= PIECE) flush(); };
  context.createMediaStreamSource(stream).connect(tap);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await flush();
    await context.close();
  };
}
