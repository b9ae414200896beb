// Records from the microphone, and passes on a WAV file for each second that is not silent or, with `live`, for each chunk.

import { wav } from "./wav.js";

const SAMPLE_RATE_HZ = 16_000; // enough for telephone audio
const CHUNK_SAMPLES = SAMPLE_RATE_HZ;
const LIVE_CHUNK_SAMPLES = SAMPLE_RATE_HZ / 5; // ten frames of a media stream
const SILENCE_LEVEL = 0.02; // peak, from 0 to 1; silence is not sent, because a Record ends when no sound arrives

/** Starts recording. With `live`, everything is passed on promptly and in order. Resolves to an async function that stops the recording and resolves when the last samples have been passed on. */
export async function record(onAudio, { live = false } = {}) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ });
  await context.audioWorklet.addModule("/pages/phones/recorder-worklet.js");
  const tap = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
  const chunkSamples = live ? LIVE_CHUNK_SAMPLES : CHUNK_SAMPLES;
  let samples = [];
  let sent = Promise.resolve();
  const flush = () => {
    const chunk = samples.splice(0, live ? chunkSamples : samples.length);
    const isHeard = live ? chunk.length : chunk.some((sample) => Math.abs(sample) > SILENCE_LEVEL);
    if (isHeard) sent = sent.then(() => onAudio(wav(chunk, SAMPLE_RATE_HZ)));
    return sent;
  };
  tap.port.onmessage = ({ data }) => { samples.push(...data); if (samples.length >= chunkSamples) flush(); };
  context.createMediaStreamSource(stream).connect(tap);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await flush();
    await context.close();
  };
}
