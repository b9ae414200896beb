// Turns speech into words where the browser can.

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

export const canRecognise = Boolean(Recognition);

/** `words(text, confidence, final)` as they come, `over(error)` at the end. Returns a function that stops. */
export function recognise(language, { words, over }) {
  const recognition = new Recognition();
  recognition.lang = language || "en-GB";
  recognition.interimResults = true;
  let error = null;
  recognition.onresult = (event) => {
    const [best] = event.results[event.resultIndex];
    words(best.transcript, best.confidence, event.results[event.resultIndex].isFinal);
  };
  recognition.onerror = (event) => { error = event.error; };
  recognition.onend = () => over(error);
  recognition.start();
  return () => recognition.stop();
}
