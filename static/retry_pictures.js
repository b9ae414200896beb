// Requests a picture that could not be loaded again, because Twilio may return it later.
const RETRY_MS = 5000; // as the response says
const MAX_TRIES = 5;
const tries = new WeakMap();

function retry(picture) {
  const count = tries.get(picture) ?? 0;
  if (count === MAX_TRIES) return;
  tries.set(picture, count + 1);
  setTimeout(() => (picture.src = picture.src), RETRY_MS);
}

addEventListener("error", ({ target }) => target instanceof HTMLImageElement && retry(target), true); // it does not bubble
for (const picture of document.images) if (picture.complete && !picture.naturalWidth) retry(picture); // before this ran
