// The client for the live feed. It resumes after a lost connection, and treats a silent connection as lost.

const MAX_SILENCE_MILLISECONDS = 40_000; // the server sends a comment every 15 s
const RETRY_MILLISECONDS = [300, 700, 1500, 2500]; // delays before retries; the last one is repeated

/**
 * Follows the feed forever. Each item is awaited before the next one is read.
 * `onConnect(isFirst)`: connected; `isFirst` means that no item has been read yet, so the page must load its state.
 * `onItem(item)`: one item. `onDisconnect()`: the connection was lost and will be retried.
 * An error in `onConnect` or `onItem` counts as a lost connection, so that no item is skipped.
 */
export async function follow(url, { onConnect, onItem, onDisconnect }) {
  let lastId = null;
  let failures = 0;
  for (;;) {
    try {
      const resumed = lastId === null ? url : `${url}?after=${encodeURIComponent(lastId)}`;
      await read(resumed, async () => { await onConnect(lastId === null); failures = 0; }, async (item) => {
        await onItem(item);
        lastId = item.id;
      });
    } catch (error) {
      if (!(error instanceof ConnectionLost)) console.warn(error);
    }
    onDisconnect();
    await new Promise((resume) => setTimeout(resume, RETRY_MILLISECONDS[Math.min(failures++, RETRY_MILLISECONDS.length - 1)]));
  }
}

class ConnectionLost extends Error {}

async function read(url, onConnect, onItem) {
  const connection = new AbortController();
  let timer;
  const restartTimer = () => { clearTimeout(timer); timer = setTimeout(() => connection.abort(), MAX_SILENCE_MILLISECONDS); };
  restartTimer();
  try {
    const response = await fetch(url, { signal: connection.signal, cache: "no-store" }).catch(throwConnectionLost);
    if (!response.ok) throwConnectionLost();
    await onConnect();
    for await (const data of events(response.body, restartTimer)) await onItem(JSON.parse(data));
  } finally {
    clearTimeout(timer);
    connection.abort();
  }
}

/** Yields the data of each event in a text/event-stream response. */
async function* events(body, onData) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { value, done } = await reader.read().catch(throwConnectionLost);
    if (done) return;
    onData();
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      if (line === "" && data.length) { yield data.join("\n"); data = []; }
    }
  }
}

function throwConnectionLost() {
  throw new ConnectionLost();
}
