// How far a recovery is: asked every half second until it is over.
const part = document.getElementById("recovery");
const OPEN = ["waiting", "working"];

async function look() {
  const answer = await fetch(part.dataset.look, { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (answer?.ok) show(await answer.json());
  if (answer?.status === 403) return; // logged out, or forgotten
  if (OPEN.includes(part.dataset.state)) setTimeout(look, 500);
}

function show({ state, done, total, reason }) {
  part.dataset.state = state;
  part.querySelector("progress").max = total || 1;
  part.querySelector("progress").value = state === "done" ? total || 1 : done;
  part.querySelector("p").textContent =
    reason || (state === "waiting" ? "Waiting for a worker." : `${done} of ${total} go out once more.`);
}

if (part && OPEN.includes(part.dataset.state)) look();
