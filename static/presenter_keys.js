// The presenter's keyboard and clicker, on the console and, with a presenter's session, on the stage.
const ACTIONS = {
  PageDown: "next",
  ArrowRight: "next",
  PageUp: "previous",
  ArrowLeft: "previous",
  b: "blank",
  ".": "blank",
  r: "reveal",
  Escape: "back",
};
const URL_OF_TALK = "/present/talk";
const HEADERS = { Accept: "application/json" };
const TIMEOUT_MS = 8000; // from the key press: keys pressed in vain must not take effect when the server responds again
let queue = Promise.resolve(); // one action after the other, in the order of the keys

async function perform(name, signal) {
  const talk = await (await fetch(URL_OF_TALK, { headers: HEADERS, signal })).json();
  const action = name === "blank" && talk.blank ? "unblank" : name;
  const body = new URLSearchParams({ token: talk.token ?? "", do: action, scene: talk.scene ?? "" });
  const response = await fetch(URL_OF_TALK, { method: "POST", headers: HEADERS, body, signal });
  return (await response.json()).error ?? "";
}

// `report` is called with "" after each action, or with a sentence if it failed.
export function listen(report) {
  addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea")) return;
    const name = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name) return;
    event.preventDefault();
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    queue = queue.then(() => perform(name, signal)).then(report, () => report("The server is not responding. Try again."));
  });
}
