"""Erases what the app has stored about people: a registry of functions, one for each kind of record.

A module that stores phone numbers, or words that people wrote or said, registers a function here with `erases`.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from store.client_types import Store

PURGED_AT_KEY = "purge:last"  # everything that happened before this Unix timestamp has been erased
FORGOTTEN_KEY = "purge:people"  # hash: alias of a person -> when they asked to be forgotten
FORGOTTEN_TTL_SECONDS = 7 * 24 * 3600  # longer than a backfill reaches back
SCAN_COUNT = 1_000
RECORDING_SID = re.compile(rb"\bRE[0-9a-f]{32}\b")
PICTURE_PATH = re.compile(rb"\bMessages/[SM]M[0-9a-f]{32}/Media/ME[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Erasure:
    """What to erase: all records from before `before`, a Unix timestamp, or all records of one person.

    `number` is the person's E.164 number and `person` its alias; both are "" to erase everybody's records.
    `older_aliases` are those under older SECRET_KEYs. `sids` are the calls and texts of that person. `recordings` and
    `pictures` collect what Twilio still stores: the sids of recordings, and the paths of pictures relative to the
    account's.
    """

    before: float
    number: str = ""
    person: str = ""
    older_aliases: tuple[str, ...] = ()
    began_at: float = field(default_factory=time.time)
    sids: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)

    @property
    def is_everything(self) -> bool:
        """Whether everybody's records are erased, up to the beginning of this erasure, which may take minutes."""
        return not self.number and self.before >= self.began_at - 60

    def covers(self, address: str, recorded_at: float) -> bool:
        """Whether this erasure covers a record of this address (a number, perhaps with a channel) and time."""
        if self.number:
            return address.rpartition(":")[2] == self.number
        return recorded_at < self.before

    def note_media(self, content: bytes) -> None:
        """Note the recordings and pictures that this content mentions, so that they are deleted."""
        self.pictures.update(path.decode() for path in PICTURE_PATH.findall(content))
        self.recordings.update(sid.decode() for sid in RECORDING_SID.findall(content))


Eraser = Callable[[Store, Erasure], int]
"""Erases one kind of record. Returns how many."""

ERASERS: dict[str, Eraser] = {}


def erases(name: str) -> Callable[[Eraser], Eraser]:
    """Register an eraser. `name` is what the receipt calls the records."""

    def register(eraser: Eraser) -> Eraser:
        ERASERS[name] = eraser
        return eraser

    return register


def scan(redis: Store, pattern: str) -> Iterator[str]:
    """Yield the names of all keys that match a pattern."""
    cursor: bytes | int = 0
    while True:
        cursor, found = redis.execute_command("SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT)
        yield from (name.decode() for name in found)
        if int(cursor) == 0:
            return


def delete_matching(redis: Store, *patterns: str) -> int:
    """Delete all keys that match one of the patterns. Return how many."""
    names = [name for pattern in patterns for name in scan(redis, pattern)]
    return sum(redis.delete(*names[at : at + SCAN_COUNT]) for at in range(0, len(names), SCAN_COUNT))


def trim_stream(redis: Store, stream: str, erasure: Erasure) -> int:
    """Delete the stream's entries up to `before`, including its millisecond: ids begin with milliseconds."""
    return int(redis.execute_command("XTRIM", stream, "MINID", max(0, int(erasure.before * 1000) + 1)))


def read_purged_at(redis: Store) -> float:
    """Return the time before which nothing may be restored, as a Unix timestamp; 0 if nothing has been purged."""
    return float(redis.get(PURGED_AT_KEY) or 0)


def read_forgotten(redis: Store) -> dict[str, float]:
    """Return a dict that maps people to when they asked to be forgotten. No older record of theirs may be restored."""
    return {person.decode(): float(at) for person, at in redis.hgetall(FORGOTTEN_KEY).items()}


def mark(redis: Store, erasure: Erasure, now: float) -> None:
    """Record this erasure, so that no backfill restores what it erases."""
    if erasure.person:
        redis.hset(FORGOTTEN_KEY, erasure.person, now)
        redis.expire(FORGOTTEN_KEY, FORGOTTEN_TTL_SECONDS)
    else:
        redis.set(PURGED_AT_KEY, max(erasure.before, read_purged_at(redis)))
