// Subscribes to /events and reconnects with the id of the last event received.
const EVENT_TYPES = ["entry", "rejections", "sending", "gap", "heartbeat"];

export function follow({ events, last }, onEvent) {
  let source;
  let id = last;
  let retry;

  function reconnect() {
    clearTimeout(retry);
    if (source) source.close();
    source = new EventSource(`${events}?last=${encodeURIComponent(id)}`);
    for (const type of EVENT_TYPES) source.addEventListener(type, receive);
    source.onerror = () => {
      // After an error status (503), an EventSource does not reconnect by itself.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(reconnect, 1000 + Math.random() * 3000);
    };
  }

  function receive(event) {
    if (event.lastEventId) id = event.lastEventId;
    onEvent(event.type, JSON.parse(event.data));
  }

  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && reconnect());
  reconnect();
  return { reconnect };
}
