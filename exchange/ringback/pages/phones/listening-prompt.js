// The sentence that tells the person what the exchange is listening for.

function gatherPrompt(gather) {
  const acceptsKeys = gather.input.includes("dtmf");
  const acceptsSpeech = gather.input.includes("speech");
  if (!acceptsKeys) return "Say something.";
  const press = gather.num_digits === 1 ? "Press a key" : keysPrompt(gather.finish_on_key);
  const pressed = gather.digits ? ` Pressed so far: ${gather.digits}` : "";
  return `${press}${acceptsSpeech ? ", or say something" : ""}.${pressed}`;
}

function keysPrompt(finishKeys) {
  return finishKeys ? `Press keys, then ${[...finishKeys].join(" or ")}` : "Press keys";
}

function relayPrompt({ input, reported_during_speech: reported }) {
  const key = input.includes("dtmf") ? ", or press a key" : "";
  const deaf = reported.includes("speech") ? "" : " What you say while it speaks is not sent to the app.";
  return `You are talking to an agent. Say something${key}.${deaf}`;
}

function recordPrompt({ finish_on_key: keys }, hasMicrophone) {
  const microphone = hasMicrophone ? ", or use the microphone" : "";
  const end = !keys ? "" : keys.length > 4 ? " Any key ends the recording." : ` ${[...keys].join(" or ")} ends the recording.`;
  return `Recording… Type what you say${microphone}.${end}`;
}

/** Returns null or `{sentence, speech, recording}`: the prompt, whether speech can be typed, and whether a recording is in progress. */
export function listeningPrompt(listening, hasMicrophone, displayName) {
  if (listening?.gather) return { sentence: gatherPrompt(listening.gather), speech: listening.gather.input.includes("speech") };
  if (listening?.relay) return { sentence: relayPrompt(listening.relay), speech: true };
  if (listening?.stream) return { sentence: "The app can hear you. Say something, or press a key.", speech: true };
  if (listening?.record) return { sentence: recordPrompt(listening.record, hasMicrophone), speech: true, recording: true };
  if (listening?.talk) return { sentence: `You are talking to ${displayName(listening.talk.with)}.`, speech: true };
  return null;
}
