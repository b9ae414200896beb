"""The `slow` scene: every running task with its progress, the queues and the workers."""

import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rq import Queue, Worker

from show.base_scene import Scene, SceneError, SceneView, Target
from store import Store, execute
from workers.queues import QUEUES

MAX_TASKS = 5
MAX_WORKERS = 4
QUEUE_LABELS = {"callers": "calls", "texters": "texts", "lookups": "look-ups", "webhooks": "webhooks"}


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
    """A worker process. `state` is RQ's or, for a process on this machine that no longer exists, "ended".

    `is_ours` says whether the supervisor that started this app replaces the worker when it ends."""

    name: str
    state: str
    done: int
    pid: int
    is_ours: bool


@dataclass(frozen=True)
class SlowTask:
    """A task that somebody waits for. `done` is in thousandths, or None before the first report."""

    id: str
    name: str
    command: str
    state: str
    done: int | None


@dataclass(frozen=True)
class Slow(Scene):
    """Shows slow work: what a worker does while the person already has a first reply."""

    kind: ClassVar[str] = "slow"
    redraw_seconds: ClassVar[float] = 1
    actions: ClassVar[Mapping[str, str]] = {"kill": "Kill"}

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The oldest tasks, the queues and the workers."""
        tasks, workers = _tasks(view), list_workers(view.store)
        return {
            "tasks": tasks[:MAX_TASKS],
            "more": max(0, len(tasks) - MAX_TASKS),
            "queues": [(QUEUE_LABELS[queue.name], queue) for queue in list_queues(view.store)],
            "workers": workers[:MAX_WORKERS],
            "more_workers": max(0, len(workers) - MAX_WORKERS),
        }

    def footer(self, view: SceneView) -> str:
        """How many tasks are open."""
        count = len(_tasks(view))
        return f"{count:,} task{'' if count == 1 else 's'}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of open tasks and of workers."""
        return {"tasks": len(_tasks(view)), "workers": len(list_workers(view.store))}

    def targets(self, view: SceneView) -> list[Target]:
        """The workers that this machine's supervisor replaces when they end."""
        workers = [worker for worker in list_workers(view.store) if worker.is_ours]
        return [Target(worker.name, f"Worker {worker.name} ({worker.state})", ("kill",)) for worker in workers]

    def perform(self, store: Store, action: str, item: str) -> None:
        """Kill a worker. Its jobs are run by its successor."""
        try:
            kill(store, item)
        except CannotKill as error:
            raise SceneError(str(error)) from error


def _tasks(view: SceneView) -> list[SlowTask]:
    """The open tasks, oldest first."""
    return [
        SlowTask(
            f"{entry.id}-{number}",
            entry.name or "Somebody",
            entry.command or "task",
            "running" if answer.state == "running" else "waiting",
            round(answer.fraction * 1000) if answer.fraction else None,
        )
        for entry in reversed(view.entries)
        for number, answer in enumerate(entry.pending_answers.values())
        if answer.state in ("waiting", "running")
    ]


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
    """End this worker at once, as a crash would; if `name` is "", any worker of ours. Raises CannotKill."""
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
