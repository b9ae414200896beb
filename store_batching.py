"""Deliveries that come at the same moment share one trip to the store: the trip costs more than what it carries."""

from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import ConnectionError as Broken
from redis.exceptions import RedisError

import store
from store import Commands

MOST = 64  # deliveries in one trip


class Rider:
    """One delivery's commands; `turn` is let go of when they were carried, or when it is to drive the next trip."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands
        self.turn = Lock()
        self.answers: list[Any] | None = None
        self.trouble: RedisError | OSError | None = None

    @property
    def was_carried(self) -> bool:
        """True when there is an answer, or a reason why there is none."""
        return self.answers is not None or self.trouble is not None


class Coach:
    """One trip at a time. Who comes while it is under way goes with the next, which the first of them drives.

    For web processes only: RQ ends a job by an exception at any line, and a driver must not leave its place.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: list[Rider] = []
        self.is_out = False

    def carry(self, redis: Any, rider: Rider) -> None:
        """Return when it was carried."""
        with self.lock:
            self.waiting.append(rider)
            drives, self.is_out = not self.is_out, True
            if not drives:
                rider.turn.acquire()
        if not drives:
            self._wait(rider)
        if not rider.was_carried:
            self._drive(redis)

    def _wait(self, rider: Rider) -> None:
        try:
            rider.turn.acquire()
        except BaseException:  # its greenlet is stopped; if it was to drive, the next one is
            with self.lock:
                self.waiting = [other for other in self.waiting if other is not rider]
            if not rider.turn.locked() and not rider.was_carried:
                self._arrive([])
            raise

    def _drive(self, redis: Any) -> None:
        with self.lock:
            riders, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
        try:
            answers = store.trip(redis, [words for rider in riders for words in rider.commands])
            for rider in riders:
                rider.answers, answers = answers[: len(rider.commands)], answers[len(rider.commands) :]
        except (RedisError, OSError) as trouble:
            for rider in riders:
                rider.trouble = trouble
        finally:
            self._arrive(riders)

    def _arrive(self, riders: list[Rider]) -> None:
        with self.lock:
            next_driver = self.waiting[:1]
            self.is_out = bool(next_driver)
        for rider in riders:
            if not rider.was_carried:
                rider.trouble = Broken("Whoever carried this was stopped.")
        for rider in [*riders, *next_driver]:
            if rider.turn.locked():
                rider.turn.release()


_coaches: "WeakKeyDictionary[Any, Coach]" = WeakKeyDictionary()  # by connection pool


def send(redis: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    """As `transaction.send`."""
    rider = Rider(commands)
    _coaches.setdefault(redis.connection_pool, Coach()).carry(redis, rider)
    if rider.trouble is not None:
        raise type(rider.trouble)(*rider.trouble.args) from rider.trouble
    return store.accepted(rider.answers or [])
