// Speaks with the browser's voice.

const MAX_START_MILLISECONDS = 3000; // some browsers list a voice but never start speaking
const MAX_MILLISECONDS = 60_000;
const activeUtterances = new Set(); // Chromium garbage-collects unreferenced utterances, whose end event is then lost

/** Returns `{done, stop}`. `done` resolves when the speech has ended, been stopped or failed. */
export function speak(text, language) {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language || "en-GB";
  utterance.voice = voiceFor(utterance.lang);
  activeUtterances.add(utterance);
  const done = new Promise((resolve) => {
    const startTimer = setTimeout(resolve, MAX_START_MILLISECONDS);
    utterance.onstart = () => { clearTimeout(startTimer); setTimeout(resolve, MAX_MILLISECONDS); };
    utterance.onend = utterance.onerror = resolve;
  }).finally(() => { activeUtterances.delete(utterance); });
  speechSynthesis.speak(utterance);
  return { done, stop: () => speechSynthesis.cancel() };
}

/** A voice for exactly this language tag, otherwise one for its primary language, otherwise null (the browser's default). */
function voiceFor(language) {
  const voices = speechSynthesis.getVoices();
  const exact = voices.filter((voice) => voice.lang.replace("_", "-").toLowerCase() === language.toLowerCase());
  const similar = voices.filter((voice) => voice.lang.slice(0, 2).toLowerCase() === language.slice(0, 2).toLowerCase());
  return exact[0] ?? similar[0] ?? null;
}
