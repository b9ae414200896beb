// Subscribes to the event stream and reconnects. The server sends the whole scene after each connection.
const EVENT_TYPES = ["scene", "heartbeat"];

export function follow(url, onEvent) {
  let source;
  let retry;

  function reconnect() {
    clearTimeout(retry);
    if (source) source.close();
    source = new EventSource(url);
    for (const type of EVENT_TYPES) source.addEventListener(type, (event) => onEvent(type, JSON.parse(event.data)));
    source.onerror = () => {
      // After an error status (503), an EventSource does not reconnect by itself.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(reconnect, 1000 + Math.random() * 3000);
    };
  }

  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && reconnect());
  reconnect();
  return { reconnect };
}
