// Passes microphone samples from the audio thread to the page.

registerProcessor("samples", class extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage(samples.slice());
    return true;
  }
});
