// Shows the progress of a recovery, polling every half second until the recovery has ended.
const section = document.getElementById("recovery");
const OPEN_STATES = ["waiting", "working"];
const INTERVAL_MS = 500;

async function poll() {
  const response = await fetch(section.dataset.statusUrl, { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (response?.ok) show(await response.json());
  if (response?.status === 403) return; // logged out, or the recovery has expired
  if (OPEN_STATES.includes(section.dataset.state)) setTimeout(poll, INTERVAL_MS);
}

function show({ state, done, total, reason }) {
  section.dataset.state = state;
  section.querySelector("progress").max = total || 1;
  section.querySelector("progress").value = state === "done" ? total || 1 : done;
  section.querySelector("p").textContent =
    reason || (state === "waiting" ? "Waiting for a worker." : `${done} of ${total} will be sent again.`);
}

if (section && OPEN_STATES.includes(section.dataset.state)) poll();
