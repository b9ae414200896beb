"""This process's connections to the store: one capped pool that everything in the process shares."""

import _socket
import logging
import os
import socket
import threading
import time
from typing import Any
from weakref import WeakSet, ref

import redis
from redis.connection import ConnectionPool

from store import connection_budget
from store.connection_budget import Registration, Role
from store.outages import Patience, StoreUnavailable

log = logging.getLogger(__name__)


# Kinds of use, which differ when no connection is free. Blocking reads wait in the store, so they have a limit of their
# own. Pages let webhooks go first, and never take the last connection. Optional commands fail at once.
COMMANDS, BLOCKING, PAGES, OPTIONAL = "commands", "blocking", "pages", "optional"
PRIORITIES = (BLOCKING, COMMANDS, PAGES, OPTIONAL)

# Once somebody has waited this long, newcomers of the same kind wait behind them. Otherwise, a greenlet could retake
# the connection that it has just released before the greenlet that it has woken up runs. Waiting in order from the
# start would take 50 % more CPU time.
FAIR_AFTER_SECONDS = 0.2


class Pool(ConnectionPool):
    """At most `limit` connections, for which threads or greenlets wait in order of priority. `limit` may change.

    A connection that its user loses, for example because a job is interrupted, is no longer counted once Python has
    garbage-collected it.
    """

    def __init__(self, role: Role, **options: Any) -> None:
        self.limit, self.registration = role.least, Registration(role)
        self._heartbeat: threading.Thread | None = None
        super().__init__(**options)

    def reset(self) -> None:
        """Forget all connections. redis-py also calls this in a forked process."""
        self._lock = threading.RLock()
        self._freed = {kind: threading.Condition(self._lock) for kind in PRIORITIES}
        self._waiting = dict.fromkeys(PRIORITIES, 0)
        self._overdue = dict.fromkeys(PRIORITIES, 0)  # of those waiting, how many have waited for FAIR_AFTER_SECONDS
        self._taken: dict[str, WeakSet[Any]] = {kind: WeakSet() for kind in PRIORITIES}
        self._available_connections: list[Any] = []
        self.pid = os.getpid()

    @property
    def role(self) -> Role:
        """This process's role."""
        return self.registration.role

    @property
    def _in_use_connections(self) -> set[Any]:  # type: ignore[override]  # redis-py's methods read it
        return {connection for taken in self._taken.values() for connection in taken}

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Return a connection that is ready to use. Raises StoreUnavailable if none becomes free in time."""
        return self.take(COMMANDS)

    def take(self, kind: str) -> Any:
        """Like `get_connection`, for this kind of use."""
        self._checkpid()
        with self._lock:
            self._wait_until_free(kind)
            idle = self._available_connections
            connection = idle.pop() if idle else self.connection_class(**self.connection_kwargs)
            self._taken[kind].add(connection)
        try:
            if not connection.is_connected or is_stale(connection):
                connection.disconnect()
                connection.connect()
        except BaseException:
            self.release(connection)
            raise
        if self._heartbeat is None:
            self.start_heartbeat()
        return connection

    def release(self, connection: Any) -> None:
        """Take a connection back. If an error has closed it, close the idle ones too: they are probably broken."""
        self._checkpid()
        with self._lock:
            kind = next((kind for kind, taken in self._taken.items() if connection in taken), None)
            if kind is None:
                connection.disconnect()  # it belongs to the parent process
                return
            self._taken[kind].discard(connection)
            if not connection.is_connected:
                self._drop_all()
            elif connection.should_reconnect() or self._count() >= self.limit:
                connection.disconnect()
            else:
                self._available_connections.append(connection)
            self._wake_up()

    def renew_share(self) -> int:
        """Renew this process's registration. Returns the new limit: how many connections it may hold."""
        self.set_limit(self.registration.renew(redis.Redis(connection_pool=self)))
        return self.limit

    def set_limit(self, limit: int) -> None:
        """Hold at most `limit` connections from now on; excess ones in use are closed when they are released."""
        with self._lock:
            self.limit = limit
            while self._available_connections and self._count() > limit:
                self._available_connections.pop(0).disconnect()
            self._wake_up()

    def set_role(self, role: Role) -> None:
        """Change this process's role, and reduce the limit to the least that the new role needs."""
        self.registration = Registration(role)
        self.connection_kwargs["retry"] = Patience(role.patience_seconds)
        with self._lock:  # otherwise other threads could take and release connections meanwhile
            for connection in [*self._available_connections, *self._in_use_connections]:
                connection.retry.seconds = role.patience_seconds
        self.set_limit(role.least)

    def _count(self) -> int:
        return len(self._available_connections) + sum(map(len, self._taken.values()))

    def _wait_until_free(self, kind: str) -> None:
        patience = 0 if kind == OPTIONAL else self.role.patience_seconds
        waited, is_overdue, others_first = 0.0, False, bool(self._overdue[kind])
        while others_first or not self._is_free(kind):
            if waited >= patience:
                raise StoreUnavailable(f"All {self.limit} connections to the store are in use")
            began, is_overdue, others_first = time.monotonic(), waited >= FAIR_AFTER_SECONDS, False
            self._waiting[kind] += 1
            self._overdue[kind] += is_overdue
            try:
                self._freed[kind].wait(min(patience - waited, 1))  # a lost connection wakes nobody up
            finally:
                self._waiting[kind] -= 1
                self._overdue[kind] -= is_overdue
            waited += min(time.monotonic() - began, 1)  # it took longer only if the process was not running

    def _is_free(self, kind: str) -> bool:
        """Whether a connection is free for this kind of use, and nobody with a higher priority is waiting for one."""
        if sum(map(len, self._taken.values())) >= self.limit:
            return False
        if kind == COMMANDS and not self._waiting[BLOCKING]:
            return True
        blocking = self.role.blocking_at(self.limit)
        may_block = len(self._taken[BLOCKING]) < blocking
        if kind == BLOCKING:
            return may_block
        if self._waiting[BLOCKING] and may_block:
            return False
        if kind == COMMANDS:
            return True
        others = len(self._taken[PAGES]) + len(self._taken[OPTIONAL])
        return not self._waiting[COMMANDS] and others < max(1, self.limit - blocking - 1)

    def _wake_up(self) -> None:
        for kind in PRIORITIES:
            if self._waiting[kind] and self._is_free(kind):
                self._freed[kind].notify()

    def _drop_all(self) -> None:
        for connection in self._available_connections:
            connection.disconnect()
        self._available_connections.clear()
        for connection in self._in_use_connections:
            connection.mark_for_reconnect()

    def start_heartbeat(self) -> None:
        """Start renewing this process's registration. If this is not called, the first command does it."""
        with self._lock:
            if self._heartbeat is None:
                self._heartbeat = threading.Thread(target=_beat, args=[ref(self)], name="store-heartbeat", daemon=True)
                self._heartbeat.start()


def _beat(pool: "ref[Pool]") -> None:
    """Renew the pool's registration until the pool is gone."""
    while (living := pool()) is not None and living.role.is_registered:
        try:
            living.renew_share()
        except redis.RedisError as error:
            log.debug("The share of connections could not be renewed: %s", error)
        del living
        time.sleep(connection_budget.HEARTBEAT_SECONDS)


class Lane:
    """The pool, for one kind of use. It takes the place of the pool in a `redis.Redis`."""

    def __init__(self, pool: Pool, kind: str) -> None:
        self.pool, self.kind = pool, kind

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Like `Pool.take`."""
        return self.pool.take(self.kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pool, name)


def is_stale(connection: Any) -> bool:
    """Whether the store has closed the connection, or has sent something that nobody has read.

    Peeks at the socket without waiting. redis-py's own check takes 0.1 ms under gevent, more than a command.
    """
    sock = _socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, connection._sock.fileno())
    try:
        sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.detach()
    return True
