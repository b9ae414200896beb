"""The queues and the workers as they are now, and how to end a worker of this machine to show that nothing is lost."""

import os
import signal
import socket
from dataclasses import dataclass

from rq import Queue, Worker

from store import Store, execute
from workers.queues import QUEUES


class CannotKill(Exception):
    """This worker cannot be ended from here. The message says why."""


@dataclass(frozen=True)
class QueueLength:
    """How many jobs of a queue are waiting, and how many are running."""

    name: str
    waiting: int
    running: int


@dataclass(frozen=True)
class RunningWorker:
    """A worker process. `state` is RQ's or, for a process of this machine that no longer exists, "ended".

    `is_ours` says whether the supervisor that started this process replaces it when it ends."""

    name: str
    state: str
    done: int
    pid: int
    is_ours: bool


def list_queues(redis: Store) -> list[QueueLength]:
    """Return the length of each queue."""
    names = [(f"{Queue.redis_queue_namespace_prefix}{name}", f"rq:wip:{name}") for name in QUEUES]
    replies = execute(redis, [command for key, wip in names for command in (("LLEN", key), ("ZCARD", wip))])
    return [QueueLength(name, replies[2 * at], replies[2 * at + 1]) for at, name in enumerate(QUEUES)]


def list_workers(redis: Store) -> list[RunningWorker]:
    """Return the workers whose last heartbeat is recent."""
    keys = sorted(redis.smembers(Worker.redis_workers_keys))
    fields = ("state", "successful_job_count", "pid", "hostname")
    rows = execute(redis, [("HMGET", key, *fields) for key in keys]) if keys else []
    found = []
    for key, (state, done, pid, host) in zip(keys, rows, strict=True):
        if state:
            name, number = key.decode().removeprefix(Worker.redis_worker_namespace_prefix), int(pid or 0)
            is_here = (host or b"").decode() == socket.gethostname()
            words = "ended" if is_here and not _exists(number) else state.decode()
            is_ours = is_here and words != "ended" and _has_our_supervisor(number)
            found.append(RunningWorker(name, words, int(done or 0), number, is_ours))
    return found


def kill(redis: Store, name: str) -> None:
    """End this worker at once, as a crash would; with name "" any worker of ours. Raises CannotKill."""
    ours = [worker for worker in list_workers(redis) if worker.is_ours and name in ("", worker.name)]
    if not ours:
        raise CannotKill("No such worker runs under this machine's supervisor, so nothing would replace it.")
    os.kill(ours[0].pid, signal.SIGKILL)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True


def _has_our_supervisor(pid: int) -> bool:
    """Whether this process is in the session of the supervisord that started us: see scripts/demo.conf."""
    if not os.environ.get("SUPERVISOR_ENABLED") or pid <= 1:
        return False
    try:
        return os.getsid(pid) == os.getsid(0)
    except OSError:
        return False
