// Samples packed as a WAV file: PCM, one channel, 16 bit.

const HEADER_BYTES = 44;

/** `samples` are floats from -1 to 1. */
export function wav(samples, rate) {
  const bytes = new DataView(new ArrayBuffer(HEADER_BYTES + samples.length * 2));
  const word = (place, text) => [...text].forEach((letter, n) => bytes.setUint8(place + n, letter.charCodeAt(0)));
  word(0, "RIFF");
  bytes.setUint32(4, HEADER_BYTES - 8 + samples.length * 2, true);
  word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); // length of the format
  bytes.setUint16(20, 1, true); // PCM
  bytes.setUint16(22, 1, true); // channels
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, rate * 2, true);
  bytes.setUint16(32, 2, true); // bytes a sample
  bytes.setUint16(34, 16, true); // bits a sample
  word(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, n) => bytes.setInt16(HEADER_BYTES + n * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([bytes], { type: "audio/wav" });
}
