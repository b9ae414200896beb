// Says words aloud with the browser's voice.

const MAX_START_MILLISECONDS = 3000; // some browsers promise a voice and never begin
const MAX_MILLISECONDS = 60_000;
const kept = new Set(); // Chromium forgets utterances that nobody holds, and with them their end

/** `{done, stop}`: done resolves when it was said, was stopped, or turned out not to work. */
export function speak(text, language) {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language || "en-GB";
  utterance.voice = voiceFor(utterance.lang);
  kept.add(utterance);
  const done = new Promise((resolve) => {
    const late = setTimeout(resolve, MAX_START_MILLISECONDS);
    utterance.onstart = () => { clearTimeout(late); setTimeout(resolve, MAX_MILLISECONDS); };
    utterance.onend = utterance.onerror = resolve;
  }).finally(() => { kept.delete(utterance); });
  speechSynthesis.speak(utterance);
  return { done, stop: () => speechSynthesis.cancel() };
}

function voiceFor(language) {
  const voices = speechSynthesis.getVoices();
  const same = voices.filter((voice) => voice.lang.replace("_", "-").toLowerCase() === language.toLowerCase());
  const near = voices.filter((voice) => voice.lang.slice(0, 2).toLowerCase() === language.slice(0, 2).toLowerCase());
  return same[0] ?? near[0] ?? null;
}
