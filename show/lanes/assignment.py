"""Chooses which calls, texts and webhooks are in the stage's lanes, so that each can be read however many arrive.

The choice depends only on the times of the events, so every process and every screen shows the same entries.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

LANES = 4
MAX_CALL_LANES = 3  # at least one lane is for texts
MAX_QUEUE = 4  # entries that wait for a lane; if there are more, the oldest one never gets a lane
MIN_SECONDS = 3.2  # in a lane; a screen shows an entry up to 0.5 s later, and for at least 2.5 s
SET_BACK_SECONDS = 60  # a clock that goes back further has been set back; those of several machines differ by less
MAX_KNOWN = 5_000


class BoardItem(Protocol):
    """What the board needs to know about an entry. `is_busy` says whether the entry's answer is on its way."""

    id: str
    started_at: float

    @property
    def state(self) -> str: ...
    @property
    def is_live(self) -> bool: ...
    @property
    def is_busy(self) -> bool: ...


@dataclass
class LaneSlot:
    """A place on the screen, and the entry in it: since when, and until when it must stay, as Unix timestamps."""

    item: BoardItem | None = None
    state: str = ""
    since: float = 0.0
    until: float = 0.0

    @property
    def free_at(self) -> float:
        """When another entry may take the place; calls that have not ended keep it."""
        return float("inf") if self.item is not None and self.item.is_live else self.until

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Which of the free places is taken first: an empty one, then finished entries, oldest first."""
        return (self.item is not None, self.item is not None and self.item.is_busy, self.since)


@dataclass
class Board:
    """Entries keep their lanes until others need them. `queue` has the entries waiting for a lane, oldest first."""

    slots: list[LaneSlot] = field(default_factory=lambda: [LaneSlot() for _ in range(LANES)])
    queue: dict[str, BoardItem] = field(default_factory=dict)
    known: dict[str, bool] = field(default_factory=dict)
    passed_over: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_KNOWN))  # start times of these entries
    now: float = 0.0

    def advance(self, now: float) -> None:
        """Fill the lanes as they become free, up to this time."""
        if now < self.now - SET_BACK_SECONDS:
            self.now = now
            for slot in self.slots:
                slot.since, slot.until = now - MIN_SECONDS, now
        while item := self._next_item():
            free = [slot for slot in self.slots if slot.free_at <= now]
            if not free:
                break
            at = max(self.now, min(slot.free_at for slot in free))
            self._place(item, [slot for slot in free if slot.free_at <= at], at)
        self.now = max(self.now, now)

    def update(self, item: BoardItem) -> None:
        """Take a new entry, or keep a changed one for another MIN_SECONDS."""
        if item.id not in self.known:
            self.known[item.id] = True
            self.queue[item.id] = item
            self._limit_queue()
        for slot in self.slots:
            if slot.item is item and slot.state != item.state:
                slot.state, slot.until = item.state, self.now + MIN_SECONDS

    def remove(self, ids: Collection[str]) -> None:
        """Empty the lanes of these entries, and never show them again."""
        for id in ids:
            self.known[id] = True
            self.queue.pop(id, None)
        for slot in self.slots:
            if slot.item is not None and slot.item.id in ids:
                slot.item, slot.until = None, 0.0

    def live_without_lane(self) -> list[BoardItem]:
        """Return the calls that have not ended and have no lane, oldest first."""
        return [item for item in self.queue.values() if item.is_live]

    def count_more(self) -> int:
        """Return how many entries without a lane are newer than the oldest one with a lane, not counting live calls."""
        shown = [slot.item.started_at for slot in self.slots if slot.item is not None and not slot.item.is_live]
        missed = sum(started_at >= min(shown) for started_at in self.passed_over) if shown else len(self.passed_over)
        return missed + len(self._others())

    def _next_item(self) -> BoardItem | None:
        """Return the oldest call if there is a lane for it, otherwise the oldest of the other entries."""
        calls = sum(slot.item is not None and slot.item.is_live for slot in self.slots)
        if calls < MAX_CALL_LANES and (live := self.live_without_lane()):
            return live[0]
        return next(iter(self._others()), None)

    def _place(self, item: BoardItem, free: list[LaneSlot], at: float) -> None:
        """Calls prefer the first lane, which shows the steps."""
        slot = self.slots[0] if item.is_live and self.slots[0] in free else min(free, key=lambda slot: slot.rank)
        slot.item, slot.state, slot.since, slot.until = item, item.state, at, at + MIN_SECONDS
        del self.queue[item.id]

    def _limit_queue(self) -> None:
        if len(others := self._others()) > MAX_QUEUE:
            del self.queue[others[0].id]
            self.passed_over.append(others[0].started_at)
        if len(self.known) > MAX_KNOWN:
            del self.known[next(iter(self.known))]

    def _others(self) -> list[BoardItem]:
        return [item for item in self.queue.values() if not item.is_live]
