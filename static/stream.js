// Follows /events and comes back by itself with the id of the last event it saw.
const KINDS = ["story", "door", "sending", "gap", "beat"];

export function follow({ events, last }, tell) {
  let source;
  let id = last;
  let waiting;

  function open() {
    clearTimeout(waiting);
    if (source) source.close();
    source = new EventSource(`${events}?last=${encodeURIComponent(id)}`);
    for (const kind of KINDS) source.addEventListener(kind, take);
    source.onerror = () => {
      // After a refusal (503) the browser gives up for good, so we do not.
      if (source.readyState === EventSource.CLOSED) waiting = setTimeout(open, 1000 + Math.random() * 3000);
    };
  }

  function take(event) {
    if (event.lastEventId) id = event.lastEventId;
    tell(event.type, JSON.parse(event.data));
  }

  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
  return { again: open };
}
