// A browser's voice, for browsers that have none: it says everything at once.

const voices = [{ lang: "en-GB", name: "A voice" }];
Object.defineProperty(globalThis, "SpeechSynthesisUtterance", {
  value: class { constructor(text) { this.text = text; } },
});
Object.defineProperty(globalThis, "speechSynthesis", {
  value: {
    getVoices: () => voices,
    addEventListener() {},
    cancel() {},
    speak(utterance) { setTimeout(() => { utterance.onstart(); utterance.onend(); }, 10); },
  },
});
