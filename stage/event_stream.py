"""One reader of the event stream for all viewers of a process."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

import events
from events import Event
from stage.timeline import Timeline, is_after
from stage.viewer import Viewer, ViewerSocket

HEARTBEAT_SECONDS = 5.0  # seconds
READ_TIMEOUT_SECONDS = 1.0  # seconds between two looks at whether anybody still watches
RETRY_DELAY_SECONDS = 0.25  # seconds before a store that went away is tried again
MAX_VIEWERS = 500  # a process; gunicorn gives it 1,000 connections, and webhooks need the rest

log = logging.getLogger(__name__)


class TooManyViewers(Exception):
    """This process has as many viewers as it may have."""


class EventStream:
    """The board of this process and everybody who watches it.

    `draw(name, **values)` renders a fragment; `is_serving()` turns False when the process is to end.
    """

    def __init__(self, store: redis.Redis, draw: Callable[..., str], is_serving: Callable[[], bool] = lambda: True):
        self.board = Timeline()
        self.viewers: set[Viewer] = set()
        self.max_viewers = MAX_VIEWERS
        self._store, self._draw, self._is_serving = store, draw, is_serving
        self._lock = threading.RLock()
        self._reader: threading.Thread | None = None
        self._read_at = self._heartbeat_at = float("-inf")

    def catch_up(self) -> None:
        """Bring the board up to date; nothing to do while the reader does it. Raises redis.RedisError."""
        if self._reader and time.monotonic() - self._read_at < 2 * READ_TIMEOUT_SECONDS:
            return
        self._reset_if_store_lost_events()
        if self.board.last == "0-0":
            self._take(events.read_latest(self._store, events.MAX_EVENTS))
        while found := events.read_after(self._store, self.board.last):
            self._take(found)

    def story(self, key: str) -> str:
        """One story as HTML, drawn once for each change."""
        story = self.board.stories[key]
        story.drawn = story.drawn or self._draw("story", story=story)
        return story.drawn

    def stories(self) -> list[str]:
        """The newest stories as HTML, newest first."""
        with self._lock:
            return [self.story(story.id) for story in self.board.shown()]

    def join(self, last: str, line: ViewerSocket | None = None) -> tuple[Viewer, Iterator[bytes]]:
        """A new viewer and what to send: what it missed since `last` ("" for nothing), then what happens.

        Raises Full, or redis.RedisError when the store does not answer.
        """
        self.catch_up()
        is_gap = bool(last) and self._has_gap_after(last)
        if is_gap and is_after(last, self._newest()):  # the store has lost what this viewer saw: it begins again
            last = "0-0"
        with self._lock:
            if len(self.viewers) >= self.max_viewers or not self._is_serving():
                raise TooManyViewers
            viewer = Viewer(last or self.board.last, line)
            self.viewers.add(viewer)
            until = self.board.last
            self._start_reader()
        try:
            opening = self._read_backlog(viewer.seen, until, is_gap)
        except redis.RedisError:
            self.leave(viewer)
            raise
        viewer.watch()
        return viewer, _prepend(opening, viewer)

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer and everything that waits for it."""
        with self._lock:
            self.viewers.discard(viewer)
        viewer.leave()

    def _read_backlog(self, since: str, until: str, is_gap: bool) -> bytes:
        """The events between what the viewer has and what the board had when it joined."""
        again = random.randint(1000, 2500)  # noqa: S311 (ms; so that not all come back at once, no secret)
        first = [b"retry: %d\n\n" % again, self._heartbeat()] + (
            [_format_sse("gap", {"after": since})] if is_gap else []
        )
        found: list[Event] = []
        while is_after(until, since) and (more := events.read_after(self._store, since)):
            since = more[-1].id
            found += [event for event in more if not is_after(event.id, until)]
        with self._lock:
            return b"".join([*first, *self._format_events(found)])

    def _has_gap_after(self, last: str) -> bool:
        """Whether events after `last` may be gone: trimmed, or lost with the store's memory."""
        if is_after(last, self._newest()):
            return True
        facts = _stream_info(self._store)
        if not facts.get("first-entry") or facts["entries-added"] <= facts["length"]:
            return False
        return is_after(facts["first-entry"][0].decode(), last)

    def _newest(self) -> str:
        """The newest id the store has ever given, "0-0" when it knows of none."""
        facts = _stream_info(self._store)
        return facts["last-generated-id"].decode() if facts else "0-0"

    def _take(self, found: list[Event]) -> None:
        """Fold what is new into the board, and give it to every viewer."""
        with self._lock:
            new = [event for event in found if is_after(event.id, self.board.last)]
            if not new:
                return
            changed = [self._apply_event(event) for event in new]
            if not self.viewers:
                return
            items = self._format_events(new, changed)
            whole = b"".join(items)
            for viewer in list(self.viewers):
                if is_after(new[0].id, viewer.seen):
                    viewer.give(whole)
                else:  # its page was drawn by a process that was a moment ahead of this one
                    pairs = zip(new, items, strict=True)
                    viewer.give(b"".join(item for event, item in pairs if is_after(event.id, viewer.seen)))

    def _apply_event(self, event: Event) -> str:
        try:
            return self.board.fold(event)
        except Exception:  # one event that cannot be told must not blind the stage to all that follow
            log.exception("The stage could not tell %s %s", event.type, event.id)
            return ""

    def _format_events(self, found: list[Event], changed: list[str] | None = None) -> list[bytes]:
        """One item an event; of several that change the same thing the last one carries its HTML."""
        changed = changed or [_changed_part(event) for event in found]
        last = {key: place for place, key in enumerate(changed)}
        shown = {story.id for story in self.board.shown()}
        items = []
        for place, (event, key) in enumerate(zip(found, changed, strict=True)):
            html = self._render_part(key, shown) if last[key] == place else ""
            what = key if key in ("door", "sending") else "story"
            said = {"type": event.type, "subject": event.subject, "time": event.time, "html": html}
            items.append(_format_sse(what, said, event.id))
        return items

    def _render_part(self, key: str, shown: set[str]) -> str:
        if key == "door":
            return self._draw("door", door=self.board.door)
        if key == "sending":
            return self._draw("sending", stopped=self.board.stopped)
        return self.story(key) if key in shown else ""

    def _start_reader(self) -> None:
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="stage", daemon=True)
            self._reader.start()

    def _read(self) -> None:
        """The reader: lives as long as somebody watches, and outlives the store."""
        try:
            while self._has_viewers():
                try:
                    self._follow()
                except redis.RedisError as trouble:
                    log.warning("The stage is behind, the store does not answer: %s", trouble)
                    self._send_if_due(b": the store does not answer\n\n")
                    time.sleep(RETRY_DELAY_SECONDS)
        finally:
            with self._lock:
                if self._reader is threading.current_thread():  # it broke: whoever watches comes back by id
                    self._reader = None
                    self._disconnect_all()

    def _follow(self) -> None:
        self._reset_if_store_lost_events()
        for found in events.tail(self._store, self.board.last, READ_TIMEOUT_SECONDS):
            self._read_at = time.monotonic()
            self._take(found)
            self._send_if_due(self._heartbeat())
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
        newest = self._newest()
        if is_after(self.board.last, newest):
            log.warning("The store has lost events after %s; the stage begins again", newest)
            with self._lock:
                self.board = Timeline()
                self._disconnect_all()
            self._take(events.read_latest(self._store, events.MAX_EVENTS))

    def _send_if_due(self, chunk: bytes) -> None:
        """Every BEAT seconds a sign to every viewer: a beat says the way from the store to here is open."""
        if time.monotonic() - self._heartbeat_at >= HEARTBEAT_SECONDS:
            self._heartbeat_at = time.monotonic()
            with self._lock:
                for viewer in self.viewers:
                    viewer.give(chunk)

    def _disconnect_all(self) -> None:
        for viewer in self.viewers:
            viewer.disconnect()
        self.viewers.clear()

    @staticmethod
    def _heartbeat() -> bytes:
        return _format_sse("beat", {"time": round(time.time(), 3)})


def _prepend(opening: bytes, viewer: Viewer) -> Iterator[bytes]:
    yield opening
    yield from viewer.chunks()


def _changed_part(event: Event) -> str:
    if event.type == "delivery.rejected":
        return "door"
    return "sending" if event.type.startswith("sending.") else event.subject or event.id


def _stream_info(store: redis.Redis) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = store.xinfo_stream(events.STREAM_KEY)
        return facts
    except redis.ResponseError:  # no such key: nothing has happened yet
        return {}


def _format_sse(name: str, said: dict[str, object], id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {name}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n".encode()
