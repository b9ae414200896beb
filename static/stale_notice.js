// Shows a notice when no event has arrived for 12 seconds; the server sends a heartbeat every 5 seconds.
const SILENCE_MS = 12_000;

export function showStaleNotice(notice, reconnect) {
  let lastEvent = Date.now();
  let lastAttempt = lastEvent;

  function check() {
    const now = Date.now();
    if (now - lastEvent < SILENCE_MS) return;
    notice.hidden = false;
    notice.textContent = "The connection is lost and is being restored. This screen will catch up by itself.";
    if (now - lastAttempt >= SILENCE_MS) {
      lastAttempt = now; // a connection can look open but be dead, for example after a laptop has slept
      reconnect();
    }
  }

  setInterval(check, 1000);
  return () => {
    lastEvent = lastAttempt = Date.now();
    notice.hidden = true;
  };
}
