// The live feed: read line by line, taken up again where it broke, and known to be broken when it falls silent.

const MAX_SILENCE_MILLISECONDS = 40_000; // a comment comes every 15 s
const RETRY_MILLISECONDS = [300, 700, 1500, 2500]; // before each new try; the last one stays

/**
 * Follow the feed for ever. Items are handed over one at a time, each awaited before the next is read.
 * `opened(fresh)`: the line is up; fresh when nothing was read before, so the reader must catch up first.
 * `item(item)`: one item, `lost()`: the line broke and will be tried again.
 * An error in `opened` or `item` counts as a broken line: nothing is skipped.
 */
export async function follow(address, { opened, item, lost }) {
  let after = null;
  let failures = 0;
  for (;;) {
    try {
      const from = after === null ? address : `${address}?after=${encodeURIComponent(after)}`;
      await read(from, async () => { await opened(after === null); failures = 0; }, async (next) => {
        await item(next);
        after = next.id;
      });
    } catch (error) {
      if (!(error instanceof Broken)) console.warn(error);
    }
    lost();
    await new Promise((resume) => setTimeout(resume, RETRY_MILLISECONDS[Math.min(failures++, RETRY_MILLISECONDS.length - 1)]));
  }
}

class Broken extends Error {}

async function read(address, opened, item) {
  const line = new AbortController();
  let watch;
  const alive = () => { clearTimeout(watch); watch = setTimeout(() => line.abort(), MAX_SILENCE_MILLISECONDS); };
  alive();
  try {
    const response = await fetch(address, { signal: line.signal, cache: "no-store" }).catch(broken);
    if (!response.ok) broken();
    await opened();
    for await (const data of events(response.body, alive)) await item(JSON.parse(data));
  } finally {
    clearTimeout(watch);
    line.abort();
  }
}

/** The data of each event in a text/event-stream. */
async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { value, done } = await reader.read().catch(broken);
    if (done) return;
    alive();
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      if (line === "" && data.length) { yield data.join("\n"); data = []; }
    }
  }
}

function broken() {
  throw new Broken();
}
