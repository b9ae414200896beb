// What is listened for, in a sentence for the person on the phone.

const GATHER = (gather) => {
  const keys = gather.input.includes("dtmf");
  const words = gather.input.includes("speech");
  if (!keys) return "Say something.";
  const press = gather.num_digits === 1 ? "Press a key" : finish("Press keys", gather.finish_on_key, ", then ");
  const pressed = gather.digits ? ` Pressed so far: ${gather.digits}` : "";
  return `${press}${words ? ", or say something" : ""}.${pressed}`;
};

function finish(words, key, joint) {
  return key ? `${words}${joint}${[...key].join(" or ")}` : words;
}

function record({ finish_on_key: key }, hasMicrophone) {
  const microphone = hasMicrophone ? ", or use the microphone" : "";
  const end = !key ? "" : key.length > 4 ? " Any key ends it." : ` ${[...key].join(" or ")} ends it.`;
  return `Recording… Type what you say${microphone}.${end}`;
}

/** `{sentence, words, recording}`: what to tell, whether words can be typed, whether a recording runs. */
export function listeningPrompt(listening, hasMicrophone, called) {
  if (listening?.gather) return { sentence: GATHER(listening.gather), words: listening.gather.input.includes("speech") };
  if (listening?.record) return { sentence: record(listening.record, hasMicrophone), words: true, recording: true };
  if (listening?.talk) return { sentence: `You are talking with ${called(listening.talk.with)}.`, words: true };
  return null;
}
