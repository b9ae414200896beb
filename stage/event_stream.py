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
from stage.timeline import Board, is_after
from stage.viewer import Line, Viewer

BEAT = 5.0  # seconds
LOOK = 1.0  # seconds between two looks at whether anybody still watches
AGAIN = 0.25  # seconds before a store that went away is tried again
MOST_VIEWERS = 500  # a process; gunicorn gives it 1,000 connections, and webhooks need the rest

log = logging.getLogger(__name__)


class Full(Exception):
    """This process has as many viewers as it may have."""


class Feed:
    """The board of this process and everybody who watches it.

    `draw(name, **values)` renders a fragment; `is_serving()` turns False when the process is to end.
    """

    def __init__(self, store: redis.Redis, draw: Callable[..., str], is_serving: Callable[[], bool] = lambda: True):
        self.board = Board()
        self.viewers: set[Viewer] = set()
        self.most_viewers = MOST_VIEWERS
        self._store, self._draw, self._is_serving = store, draw, is_serving
        self._lock = threading.RLock()
        self._reader: threading.Thread | None = None
        self._read_at = self._beat_at = float("-inf")

    def catch_up(self) -> None:
        """Bring the board up to date; nothing to do while the reader does it. Raises redis.RedisError."""
        if self._reader and time.monotonic() - self._read_at < 2 * LOOK:
            return
        self._start_again_if_the_store_did()
        if self.board.last == "0-0":
            self._take(events.latest(self._store, events.KEPT))
        while found := events.after(self._store, self.board.last):
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

    def join(self, last: str, line: Line | None = None) -> tuple[Viewer, Iterator[bytes]]:
        """A new viewer and what to send: what it missed since `last` ("" for nothing), then what happens.

        Raises Full, or redis.RedisError when the store does not answer.
        """
        self.catch_up()
        is_gap = bool(last) and self._is_gap(last)
        if is_gap and is_after(last, self._newest()):  # the store has lost what this viewer saw: it begins again
            last = "0-0"
        with self._lock:
            if len(self.viewers) >= self.most_viewers or not self._is_serving():
                raise Full
            viewer = Viewer(last or self.board.last, line)
            self.viewers.add(viewer)
            until = self.board.last
            self._start_reading()
        try:
            opening = self._missed(viewer.seen, until, is_gap)
        except redis.RedisError:
            self.leave(viewer)
            raise
        viewer.watch()
        return viewer, _chain(opening, viewer)

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer and everything that waits for it."""
        with self._lock:
            self.viewers.discard(viewer)
        viewer.leave()

    def _missed(self, since: str, until: str, is_gap: bool) -> bytes:
        """The events between what the viewer has and what the board had when it joined."""
        again = random.randint(1000, 2500)  # noqa: S311 (ms; so that not all come back at once, no secret)
        first = [b"retry: %d\n\n" % again, self._beat()] + ([_item("gap", {"after": since})] if is_gap else [])
        found: list[Event] = []
        while is_after(until, since) and (more := events.after(self._store, since)):
            since = more[-1].id
            found += [event for event in more if not is_after(event.id, until)]
        with self._lock:
            return b"".join([*first, *self._items(found)])

    def _is_gap(self, last: str) -> bool:
        """Whether events after `last` may be gone: trimmed, or lost with the store's memory."""
        if is_after(last, self._newest()):
            return True
        facts = _stream(self._store)
        if not facts.get("first-entry") or facts["entries-added"] <= facts["length"]:
            return False
        return is_after(facts["first-entry"][0].decode(), last)

    def _newest(self) -> str:
        """The newest id the store has ever given, "0-0" when it knows of none."""
        facts = _stream(self._store)
        return facts["last-generated-id"].decode() if facts else "0-0"

    def _take(self, found: list[Event]) -> None:
        """Fold what is new into the board, and give it to every viewer."""
        with self._lock:
            new = [event for event in found if is_after(event.id, self.board.last)]
            if not new:
                return
            changed = [self._fold(event) for event in new]
            if not self.viewers:
                return
            items = self._items(new, changed)
            whole = b"".join(items)
            for viewer in list(self.viewers):
                if is_after(new[0].id, viewer.seen):
                    viewer.give(whole)
                else:  # its page was drawn by a process that was a moment ahead of this one
                    pairs = zip(new, items, strict=True)
                    viewer.give(b"".join(item for event, item in pairs if is_after(event.id, viewer.seen)))

    def _fold(self, event: Event) -> str:
        try:
            return self.board.fold(event)
        except Exception:  # one event that cannot be told must not blind the stage to all that follow
            log.exception("The stage could not tell %s %s", event.kind, event.id)
            return ""

    def _items(self, found: list[Event], changed: list[str] | None = None) -> list[bytes]:
        """One item an event; of several that change the same thing the last one carries its HTML."""
        changed = changed or [_changed(event) for event in found]
        last = {key: place for place, key in enumerate(changed)}
        shown = {story.id for story in self.board.shown()}
        items = []
        for place, (event, key) in enumerate(zip(found, changed, strict=True)):
            html = self._fragment(key, shown) if last[key] == place else ""
            what = key if key in ("door", "sending") else "story"
            said = {"kind": event.kind, "story": event.story, "at": event.at, "html": html}
            items.append(_item(what, said, event.id))
        return items

    def _fragment(self, key: str, shown: set[str]) -> str:
        if key == "door":
            return self._draw("door", door=self.board.door)
        if key == "sending":
            return self._draw("sending", stopped=self.board.stopped)
        return self.story(key) if key in shown else ""

    def _start_reading(self) -> None:
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="stage", daemon=True)
            self._reader.start()

    def _read(self) -> None:
        """The reader: lives as long as somebody watches, and outlives the store."""
        try:
            while self._somebody_watches():
                try:
                    self._follow()
                except redis.RedisError as trouble:
                    log.warning("The stage is behind, the store does not answer: %s", trouble)
                    self._tick(b": the store does not answer\n\n")
                    time.sleep(AGAIN)
        finally:
            with self._lock:
                if self._reader is threading.current_thread():  # it broke: whoever watches comes back by id
                    self._reader = None
                    self._cut_all_off()

    def _follow(self) -> None:
        self._start_again_if_the_store_did()
        for found in events.follow(self._store, self.board.last, LOOK):
            self._read_at = time.monotonic()
            self._take(found)
            self._tick(self._beat())
            if not self._somebody_watches():
                return

    def _somebody_watches(self) -> bool:
        with self._lock:
            if not self._is_serving():
                self._cut_all_off()
            for viewer in [viewer for viewer in self.viewers if viewer.is_gone]:
                self.viewers.discard(viewer)
            if not self.viewers:
                self._reader = None
            return bool(self.viewers)

    def _start_again_if_the_store_did(self) -> None:
        newest = self._newest()
        if is_after(self.board.last, newest):
            log.warning("The store has lost events after %s; the stage begins again", newest)
            with self._lock:
                self.board = Board()
                self._cut_all_off()
            self._take(events.latest(self._store, events.KEPT))

    def _tick(self, chunk: bytes) -> None:
        """Every BEAT seconds a sign to every viewer: a beat says the way from the store to here is open."""
        if time.monotonic() - self._beat_at >= BEAT:
            self._beat_at = time.monotonic()
            with self._lock:
                for viewer in self.viewers:
                    viewer.give(chunk)

    def _cut_all_off(self) -> None:
        for viewer in self.viewers:
            viewer.cut_off()
        self.viewers.clear()

    @staticmethod
    def _beat() -> bytes:
        return _item("beat", {"at": round(time.time(), 3)})


def _chain(opening: bytes, viewer: Viewer) -> Iterator[bytes]:
    yield opening
    yield from viewer.chunks()


def _changed(event: Event) -> str:
    if event.kind == "delivery.refused":
        return "door"
    return "sending" if event.kind.startswith("sending.") else event.story or event.id


def _stream(store: redis.Redis) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = store.xinfo_stream(events.STREAM)
        return facts
    except redis.ResponseError:  # no such key: nothing has happened yet
        return {}


def _item(name: str, said: dict[str, object], id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {name}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n".encode()
