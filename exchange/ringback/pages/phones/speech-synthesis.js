// Says words aloud with the browser's voice.

const START_WITHIN = 3000; // milliseconds; some browsers promise a voice and never begin
const LONGEST = 60_000;
const kept = new Set(); // Chromium forgets utterances that nobody holds, and with them their end

/** `{done, stop}`: done resolves when it was said, was stopped, or turned out not to work. */
export function speak(text, language) {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language || "en-GB";
  utterance.voice = voiceFor(utterance.lang);
  kept.add(utterance);
  const done = new Promise((resolve) => {
    const late = setTimeout(resolve, START_WITHIN);
    utterance.onstart = () => { clearTimeout(late); setTimeout(resolve, LONGEST); };
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
