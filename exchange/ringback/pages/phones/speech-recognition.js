// Speech recognition, in browsers that support it.

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

export const canRecognize = Boolean(Recognition);

/** Calls `onWords(text, confidence, isFinal)` for each result and `onEnd(error)` once. Returns a function that stops the recognition. */
export function recognize(language, { onWords, onEnd }) {
  const recognition = new Recognition();
  recognition.lang = language || "en-GB";
  recognition.interimResults = true;
  let error = null;
  recognition.onresult = (event) => {
    const [best] = event.results[event.resultIndex];
    onWords(best.transcript, best.confidence, event.results[event.resultIndex].isFinal);
  };
  recognition.onerror = (event) => { error = event.error; };
  recognition.onend = () => onEnd(error);
  recognition.start();
  return () => recognition.stop();
}
