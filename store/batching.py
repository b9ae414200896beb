"""Combines the commands of concurrent deliveries into one round trip to the store.

A round trip costs more than the commands in it.
"""

from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from store import round_trips
from store.client_types import Commands, Store

MAX_DELIVERIES_PER_BATCH = 64


class PendingCommands:
    """The commands of one delivery. `ready` is released when they are done, or when the delivery must send a batch."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands
        self.ready = Lock()
        self.replies: list[Any] | None = None
        self.error: RedisError | OSError | None = None

    @property
    def is_done(self) -> bool:
        """Whether there are replies or an error."""
        return self.replies is not None or self.error is not None


class Batcher:
    """Sends one batch at a time. Deliveries that arrive meanwhile form the next batch, which the first of them sends.

    For web processes only: RQ can interrupt a job with an exception anywhere, which could leave other requests waiting.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: list[PendingCommands] = []
        self.is_sending = False

    def run(self, redis: Store, pending: PendingCommands) -> None:
        """Send these commands with the next batch and return when they are done."""
        with self.lock:
            self.waiting.append(pending)
            is_sender, self.is_sending = not self.is_sending, True
            if not is_sender:
                pending.ready.acquire()
        if not is_sender:
            self._wait(pending)
        if not pending.is_done:
            self._send_batch(redis)

    def _wait(self, pending: PendingCommands) -> None:
        try:
            pending.ready.acquire()
        except BaseException:  # the greenlet was killed; if it was the next sender, another one takes over
            with self.lock:
                self.waiting = [other for other in self.waiting if other is not pending]
            if not pending.ready.locked() and not pending.is_done:
                self._finish_batch([])
            raise

    def _send_batch(self, redis: Store) -> None:
        with self.lock:
            batch, self.waiting = self.waiting[:MAX_DELIVERIES_PER_BATCH], self.waiting[MAX_DELIVERIES_PER_BATCH:]
        try:
            replies = round_trips.round_trip(redis, [command for pending in batch for command in pending.commands])
            for pending in batch:
                pending.replies, replies = replies[: len(pending.commands)], replies[len(pending.commands) :]
        except (RedisError, OSError) as error:
            with self.lock:  # otherwise the waiting deliveries would try the store again, one batch after another
                batch, self.waiting = batch + self.waiting, []
            for pending in batch:
                pending.error = error
        finally:
            self._finish_batch(batch)

    def _finish_batch(self, batch: list[PendingCommands]) -> None:
        with self.lock:
            next_sender = self.waiting[:1]
            self.is_sending = bool(next_sender)
        for pending in batch:
            if not pending.is_done:
                pending.error = RedisConnectionError("The delivery that was sending this batch was stopped.")
        for pending in [*batch, *next_sender]:
            if pending.ready.locked():
                pending.ready.release()


_batchers: "WeakKeyDictionary[ConnectionPool, Batcher]" = WeakKeyDictionary()


def execute(redis: Store, commands: Commands) -> list[Any]:
    """Like `round_trips.execute`, but shares the round trip with other deliveries. Raises their first error."""
    pending = PendingCommands(commands)
    _batchers.setdefault(redis.connection_pool, Batcher()).run(redis, pending)
    if pending.error is not None:
        raise type(pending.error)(*pending.error.args) from pending.error
    return round_trips.raise_first_error(pending.replies or [])
