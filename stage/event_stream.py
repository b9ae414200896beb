"""A process's event stream: a single Redis reader that serves all viewers."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator

import redis

import events
from events import Event
from stage import missed_events
from stage.timeline import Timeline, is_after
from stage.viewer import Viewer, ViewerSocket
from store import clients
from store.pool import BLOCKING

HEARTBEAT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 1.0  # how long one read blocks; the reader then checks whether any viewers are left
RETRY_DELAY_SECONDS = 0.25
MAX_VIEWERS = 500  # per process; gunicorn allows 1,000 connections, and webhooks need the rest

log = logging.getLogger(__name__)


class TooManyViewers(Exception):
    """This process has MAX_VIEWERS viewers, or is shutting down."""


class EventStream:
    """The timeline and the viewers of this process.

    `render(name, **values)` returns the HTML for a part of the page. `is_serving()` returns False once the process is
    shutting down.
    """

    def __init__(self, store: redis.Redis, render: Callable[..., str], is_serving: Callable[[], bool] = lambda: True):
        self.timeline = Timeline()
        self.viewers: set[Viewer] = set()
        self.max_viewers = MAX_VIEWERS
        self._store, self._render, self._is_serving = store, render, is_serving
        self._waiting_store = clients.lane(store, BLOCKING)
        self._lock = threading.RLock()
        self._reader: threading.Thread | None = None
        self._read_at = self._heartbeat_at = float("-inf")

    def catch_up(self) -> None:
        """Update the timeline, unless the reader is already doing so. Raises redis.RedisError."""
        if self._reader and time.monotonic() - self._read_at < 2 * READ_TIMEOUT_SECONDS:
            return
        self._reset_if_store_lost_events()
        if self.timeline.last_event_id == "0-0":
            self._apply(events.read_latest(self._store, events.MAX_EVENTS))
        while found := events.read_after(self._store, self.timeline.last_event_id):
            self._apply(found)

    def render_entry(self, id: str) -> str:
        """The HTML for an entry, cached until the entry changes."""
        entry = self.timeline.entries[id]
        entry.html = entry.html or self._render("timeline_entry", entry=entry)
        return entry.html

    def render_entries(self) -> list[str]:
        """The HTML for each visible entry, newest first."""
        with self._lock:
            return [self.render_entry(entry.id) for entry in self.timeline.visible_entries()]

    def add_viewer(self, last_event_id: str, sock: ViewerSocket | None = None) -> tuple[Viewer, Iterator[bytes]]:
        """A new viewer and the chunks to send to it: the events after `last_event_id` (none if ""), then new events.

        Raises TooManyViewers, or redis.RedisError if the store does not respond.
        """
        self.catch_up()
        has_gap = bool(last_event_id) and missed_events.has_gap_after(self._store, last_event_id)
        if has_gap and is_after(last_event_id, missed_events.last_generated_id(self._store)):
            last_event_id = "0-0"  # the store has lost this event, so send all the events that it still has
        with self._lock:
            if len(self.viewers) >= self.max_viewers or not self._is_serving():
                raise TooManyViewers
            until = self.timeline.last_event_id
            viewer = Viewer(last_event_id or until, sock)
            self.viewers.add(viewer)
            self._start_reader()
        try:
            first = self._format_backlog(viewer.last_event_id, until, has_gap)
        except redis.RedisError:
            self.remove_viewer(viewer)
            raise
        viewer.watch_socket()
        return viewer, _prepend(first, viewer)

    def remove_viewer(self, viewer: Viewer) -> None:
        """Close the viewer and drop its queue."""
        with self._lock:
            self.viewers.discard(viewer)
        viewer.close()

    def _format_backlog(self, since: str, until: str, has_gap: bool) -> bytes:
        """The events after `since` up to `until`, which was the last one in the timeline when the viewer was added."""
        retry_ms = random.randint(1000, 2500)  # noqa: S311 (spreads out reconnections; not a secret)
        gap = [_format_sse("gap", {"after": since})] if has_gap else []
        missed = missed_events.read_between(self._store, since, until)
        with self._lock:
            return b"".join([b"retry: %d\n\n" % retry_ms, _heartbeat(), *gap, *self._format_events(missed)])

    def _apply(self, found: list[Event]) -> None:
        """Apply the new events to the timeline, and send them to every viewer."""
        with self._lock:
            new = [event for event in found if is_after(event.id, self.timeline.last_event_id)]
            if not new:
                return
            changed = [self._apply_event(event) for event in new]
            if not self.viewers:
                return
            items = self._format_events(new, changed)
            chunk = b"".join(items)
            for viewer in list(self.viewers):
                if is_after(new[0].id, viewer.last_event_id):
                    viewer.enqueue(chunk)
                else:  # its page was rendered by a process that was ahead of this one
                    pairs = zip(new, items, strict=True)
                    viewer.enqueue(b"".join(item for event, item in pairs if is_after(event.id, viewer.last_event_id)))

    def _apply_event(self, event: Event) -> str:
        try:
            return self.timeline.apply(event)
        except Exception:  # one bad event must not stop the stage
            log.exception("Could not apply %s %s to the timeline", event.type, event.id)
            return ""

    def _format_events(self, found: list[Event], changed: list[str] | None = None) -> list[bytes]:
        """One SSE message per event; if several change the same part, only the last carries its HTML."""
        changed = changed or [_changed_part(event) for event in found]
        last_index = {part: index for index, part in enumerate(changed)}
        visible = {entry.id for entry in self.timeline.visible_entries()}
        items = []
        for index, (event, part) in enumerate(zip(found, changed, strict=True)):
            html = self._render_part(part, visible) if last_index[part] == index else ""
            payload = {"type": event.type, "subject": event.subject, "time": event.time, "html": html}
            items.append(_format_sse(part if part in ("rejections", "sending") else "entry", payload, event.id))
        return items

    def _render_part(self, part: str, visible: set[str]) -> str:
        if part == "rejections":
            return self._render("rejections", rejections=self.timeline.rejections)
        if part == "sending":
            return self._render("sending_stopped", stop_reason=self.timeline.stop_reason)
        return self.render_entry(part) if part in visible else ""

    def _start_reader(self) -> None:
        if self._reader is None:
            self._reader = threading.Thread(target=self._run_reader, name="event-stream", daemon=True)
            self._reader.start()

    def _run_reader(self) -> None:
        """Read events until the last viewer is gone; retry while the store does not respond."""
        try:
            while self._has_viewers():
                try:
                    self._read_events()
                except redis.RedisError as error:
                    log.warning("The stage is not up to date because Redis is not responding: %s", error)
                    self._send_if_due(b": Redis is not responding\n\n")
                    time.sleep(RETRY_DELAY_SECONDS)
        finally:
            with self._lock:
                if self._reader is threading.current_thread():  # after an error; viewers reconnect by event id
                    self._reader = None
                    self._disconnect_all()

    def _read_events(self) -> None:
        self._reset_if_store_lost_events()
        for found in events.tail(self._waiting_store, self.timeline.last_event_id, READ_TIMEOUT_SECONDS):
            self._read_at = time.monotonic()
            self._apply(found)
            self._send_if_due(_heartbeat())
            if not self._has_viewers():
                return

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
        last_generated_id = missed_events.last_generated_id(self._store)
        if is_after(self.timeline.last_event_id, last_generated_id):
            log.warning("Redis has lost events after %s; rebuilding the timeline", last_generated_id)
            with self._lock:
                self.timeline = Timeline()
                self._disconnect_all()
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


def _changed_part(event: Event) -> str:
    if event.type == "delivery.rejected":
        return "rejections"
    return "sending" if event.type.startswith("sending.") else event.subject or event.id


def _heartbeat() -> bytes:
    return _format_sse("heartbeat", {"time": round(time.time(), 3)})


def _format_sse(type: str, payload: dict[str, object], id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {type}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()
