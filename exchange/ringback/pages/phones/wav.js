// Encodes samples as a WAV file: PCM, one channel, 16 bits per sample.

const HEADER_BYTES = 44;

/** `samples` are floats from -1 to 1; `rate` is in hertz. */
export function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + samples.length * 2));
  const setAscii = (offset, text) => [...text].forEach((letter, n) => view.setUint8(offset + n, letter.charCodeAt(0)));
  setAscii(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + samples.length * 2, true);
  setAscii(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // size of the format chunk
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true); // bytes per sample
  view.setUint16(34, 16, true); // bits per sample
  setAscii(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, n) => view.setInt16(HEADER_BYTES + n * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([view], { type: "audio/wav" });
}
