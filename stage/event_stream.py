"""A process's event stream: one reader of the events, which sends the current scene to all viewers.

A viewer always gets a whole scene, so after a lost connection nothing can be missing or appear twice.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import redis

import events
from events import Event
from stage.timeline import Timeline
from stage.viewers import MAX_VIEWERS, TooManyViewers, Viewer, ViewerSocket
from store import clients
from store.pool import BLOCKING

HEARTBEAT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 1.0  # how long one read blocks; the reader then checks whether any viewers are left
RETRY_DELAY_SECONDS = 0.25
REDRAW_INTERVAL_SECONDS = 0.28  # at most four redraws in any second, even if a redraw is late or many events arrive
CONSOLE = -1  # the position of the presenter's console, which is told of every change and then fetches its content

log = logging.getLogger(__name__)


class Snapshot(NamedTuple):
    """A rendered scene. `redraw_seconds` is how soon it changes even without an event; 0 means never."""

    html: str
    redraw_seconds: float = 0


class EventStream:
    """The timeline and the viewers of this process.

    `render(timeline, position)` returns the scene at this position of the talk, or the current scene for 0.
    `is_serving()` returns False once the process is shutting down.
    """

    def __init__(
        self,
        store: redis.Redis,
        render: Callable[[Timeline, int], Snapshot],
        is_serving: Callable[[], bool] = lambda: True,
    ):
        self.timeline = Timeline()
        self.viewers: set[Viewer] = set()
        self.max_viewers = MAX_VIEWERS
        self._store, self._render, self._is_serving = store, render, is_serving
        self._waiting_store = clients.lane(store, BLOCKING)
        self._lock = threading.RLock()
        self._reader: threading.Thread | None = None
        self._read_at = self._heartbeat_at = self._drawn_at = float("-inf")
        self._is_outdated = True
        self._snapshots: dict[int, Snapshot] = {}

    def catch_up(self) -> None:
        """Update the timeline, unless the reader is already doing so. Raises redis.RedisError."""
        if self._reader and time.monotonic() - self._read_at < 2 * READ_TIMEOUT_SECONDS:
            return
        self._reset_if_store_lost_events()
        if self.timeline.last_event_id == "0-0":
            self._apply(events.read_latest(self._store, events.MAX_EVENTS))
        while found := events.read_after(self._store, self.timeline.last_event_id):
            self._apply(found)

    def snapshot(self, position: int = 0) -> Snapshot:
        """Return the scene as of now. Raises redis.RedisError."""
        self.catch_up()
        return self._render(self.timeline, position)

    def add_viewer(self, position: int = 0, sock: ViewerSocket | None = None) -> tuple[Viewer, Iterator[bytes]]:
        """Return a new viewer of the scene at this position, and the chunks to send to it.

        Raises TooManyViewers, or redis.RedisError if the store does not respond.
        """
        self.catch_up()
        with self._lock:
            if len(self.viewers) >= self.max_viewers or not self._is_serving():
                raise TooManyViewers
            viewer = Viewer(position, sock)
            self.viewers.add(viewer)
            self._start_reader()
            known = self._snapshots.get(position)
        try:
            first = known if known and not self._is_outdated else self._render(self.timeline, position)
        except redis.RedisError:
            self.remove_viewer(viewer)
            raise
        with self._lock:
            self._snapshots.setdefault(position, first)  # says when the scene changes by itself
        viewer.watch_socket()
        retry_ms = random.randint(1000, 2500)  # noqa: S311 (spreads out reconnections; not a secret)
        return viewer, _prepend(b"retry: %d\n\n" % retry_ms + _heartbeat() + self._format(first), viewer)

    def remove_viewer(self, viewer: Viewer) -> None:
        """Close the viewer and drop its queue."""
        with self._lock:
            self.viewers.discard(viewer)
        viewer.close()

    def _apply(self, found: list[Event]) -> None:
        """Apply the new events to the timeline."""
        with self._lock:
            for event in found:
                if events.is_after(event.id, self.timeline.last_event_id):
                    self._apply_event(event)
                    self._is_outdated = True

    def _apply_event(self, event: Event) -> None:
        try:
            self.timeline.apply(event)
        except Exception:  # one bad event must not stop the stage
            log.exception("Could not apply %s %s to the timeline", event.type, event.id)

    def _start_reader(self) -> None:
        if self._reader is None:
            self._snapshots.clear()
            self._reader = threading.Thread(target=self._run_reader, name="event-stream", daemon=True)
            self._reader.start()

    def _run_reader(self) -> None:
        """Read events until the last viewer is gone; retry while the store does not respond."""
        try:
            while self._has_viewers():
                try:
                    self._reset_if_store_lost_events()
                    while self._has_viewers():
                        self._read_events()
                except redis.RedisError as error:
                    log.warning("The stage is not up to date because Redis is not responding: %s", error)
                    self._send_if_due(b": Redis is not responding\n\n")
                    time.sleep(RETRY_DELAY_SECONDS)
        finally:
            with self._lock:
                if self._reader is threading.current_thread():  # after an error; viewers reconnect
                    self._reader = None
                    self._disconnect_all()

    def _read_events(self) -> None:
        found = events.read_new(self._waiting_store, self.timeline.last_event_id, self._seconds_until_redraw())
        self._read_at = time.monotonic()
        self._apply(found)
        self._redraw_if_due()
        self._send_if_due(_heartbeat())

    def _seconds_until_redraw(self) -> float:
        """Return how long to wait for events: until the next redraw, but at least 1 ms (to Redis, 0 means forever)."""
        periods = [snapshot.redraw_seconds for snapshot in self._snapshots.values() if snapshot.redraw_seconds]
        period = REDRAW_INTERVAL_SECONDS if self._is_outdated else min(periods, default=READ_TIMEOUT_SECONDS)
        return max(0.001, min(READ_TIMEOUT_SECONDS, self._drawn_at + period - time.monotonic()))

    def _redraw_if_due(self) -> None:
        """Send each scene that has changed to its viewers, at most once per REDRAW_INTERVAL_SECONDS."""
        now = time.monotonic()
        periods = [snapshot.redraw_seconds for snapshot in self._snapshots.values() if snapshot.redraw_seconds]
        is_due = self._is_outdated or (periods and now - self._drawn_at >= min(periods))
        if not is_due or now - self._drawn_at < REDRAW_INTERVAL_SECONDS:
            return
        with self._lock:
            self._drawn_at, self._is_outdated = now, False
            positions = {viewer.position for viewer in self.viewers}
            self._snapshots = {at: known for at, known in self._snapshots.items() if at in positions}
        try:
            for position in positions:
                self._redraw(position)
        except redis.RedisError:
            self._is_outdated = True  # so that this redraw is repeated once the store responds
            raise

    def _redraw(self, position: int) -> None:
        snapshot, known = self._render(self.timeline, position), self._snapshots.get(position)
        self._snapshots[position] = snapshot
        if known is None or known.html != snapshot.html:
            self._send(self._format(snapshot), position)

    def _send(self, chunk: bytes, position: int) -> None:
        with self._lock:
            for viewer in self.viewers:
                if viewer.position == position:
                    viewer.enqueue(chunk)

    def _format(self, snapshot: Snapshot) -> bytes:
        return _format_sse("scene", {"html": snapshot.html}, self.timeline.last_event_id)

    def _has_viewers(self) -> bool:
        with self._lock:
            if not self._is_serving():
                self._disconnect_all()
            for viewer in [viewer for viewer in self.viewers if viewer.is_closed]:
                self.viewers.discard(viewer)
            if not self.viewers:
                self._reader = None
            return bool(self.viewers)

    def _reset_if_store_lost_events(self) -> None:
        known = self.timeline.last_event_id  # read before the newest id: another request may apply events meanwhile
        newest = events.last_generated_id(self._store)
        if events.is_after(known, newest):
            log.warning("Redis has lost events after %s; rebuilding the timeline", newest)
            with self._lock:
                self.timeline = Timeline()
                self._is_outdated = True
            self._apply(events.read_latest(self._store, events.MAX_EVENTS))

    def _send_if_due(self, chunk: bytes) -> None:
        """Send the chunk to every viewer, at most once every HEARTBEAT_SECONDS."""
        if time.monotonic() - self._heartbeat_at >= HEARTBEAT_SECONDS:
            self._heartbeat_at = time.monotonic()
            with self._lock:
                for viewer in self.viewers:
                    viewer.enqueue(chunk)

    def _disconnect_all(self) -> None:
        for viewer in self.viewers:
            viewer.disconnect()
        self.viewers.clear()


def _prepend(first: bytes, viewer: Viewer) -> Iterator[bytes]:
    yield first
    yield from viewer.chunks()


def _heartbeat() -> bytes:
    return _format_sse("heartbeat", {"time": round(time.time(), 3)})


def _format_sse(type: str, payload: dict[str, object], id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {type}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()
