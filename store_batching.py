"""Deliveries that come at the same moment share one trip to the store: the trip costs more than what it carries."""

from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import ConnectionError as Broken
from redis.exceptions import RedisError

import store
from store import Commands

MAX_DELIVERIES_PER_BATCH = 64  # deliveries in one trip


class PendingBatch:
    """One delivery's commands; `turn` is let go of when they were carried, or when it is to drive the next trip."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands
        self.ready = Lock()
        self.answers: list[Any] | None = None
        self.error: RedisError | OSError | None = None

    @property
    def is_done(self) -> bool:
        """True when there is an answer, or a reason why there is none."""
        return self.answers is not None or self.error is not None


class Batcher:
    """One trip at a time. Who comes while it is under way goes with the next, which the first of them drives.

    For web processes only: RQ ends a job by an exception at any line, and a driver must not leave its place.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: list[PendingBatch] = []
        self.is_sending = False

    def run(self, redis: Any, rider: PendingBatch) -> None:
        """Return when it was carried."""
        with self.lock:
            self.waiting.append(rider)
            drives, self.is_sending = not self.is_sending, True
            if not drives:
                rider.ready.acquire()
        if not drives:
            self._wait(rider)
        if not rider.is_done:
            self._send_batch(redis)

    def _wait(self, rider: PendingBatch) -> None:
        try:
            rider.ready.acquire()
        except BaseException:  # its greenlet is stopped; if it was to drive, the next one is
            with self.lock:
                self.waiting = [other for other in self.waiting if other is not rider]
            if not rider.ready.locked() and not rider.is_done:
                self._finish_batch([])
            raise

    def _send_batch(self, redis: Any) -> None:
        with self.lock:
            riders, self.waiting = self.waiting[:MAX_DELIVERIES_PER_BATCH], self.waiting[MAX_DELIVERIES_PER_BATCH:]
        try:
            answers = store.round_trip(redis, [words for rider in riders for words in rider.commands])
            for rider in riders:
                rider.answers, answers = answers[: len(rider.commands)], answers[len(rider.commands) :]
        except (RedisError, OSError) as trouble:
            with self.lock:  # those who wait would each wait for the store again, one batch after the other
                riders, self.waiting = riders + self.waiting, []
            for rider in riders:
                rider.error = trouble
        finally:
            self._finish_batch(riders)

    def _finish_batch(self, riders: list[PendingBatch]) -> None:
        with self.lock:
            next_driver = self.waiting[:1]
            self.is_sending = bool(next_driver)
        for rider in riders:
            if not rider.is_done:
                rider.error = Broken("Whoever carried this was stopped.")
        for rider in [*riders, *next_driver]:
            if rider.ready.locked():
                rider.ready.release()


_batchers: "WeakKeyDictionary[Any, Batcher]" = WeakKeyDictionary()  # by connection pool


def execute(redis: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    """As `transaction.send`."""
    rider = PendingBatch(commands)
    _batchers.setdefault(redis.connection_pool, Batcher()).run(redis, rider)
    if rider.error is not None:
        raise type(rider.error)(*rider.error.args) from rider.error
    return store.raise_first_error(rider.answers or [])
