"""The scene `slow`: every running task with its progress, the queues and the workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from show import worker_status as overview
from show.base_scene import Scene, SceneError, SceneView, Target
from store import Store

MAX_TASKS = 5
MAX_WORKERS = 4
QUEUE_LABELS = {"callers": "calls", "texters": "texts", "lookups": "look-ups", "webhooks": "webhooks"}


@dataclass(frozen=True)
class SlowTask:
    """A task that somebody waits for. `done` is per mille, or None before the first report."""

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
        tasks, workers = _tasks(view), overview.list_workers(view.store)
        return {
            "tasks": tasks[:MAX_TASKS],
            "more": max(0, len(tasks) - MAX_TASKS),
            "queues": [(QUEUE_LABELS[queue.name], queue) for queue in overview.list_queues(view.store)],
            "workers": workers[:MAX_WORKERS],
            "more_workers": max(0, len(workers) - MAX_WORKERS),
        }

    def footer(self, view: SceneView) -> str:
        """How many tasks are open."""
        count = len(_tasks(view))
        return f"{count:,} task{'' if count == 1 else 's'}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of open tasks and of workers."""
        return {"tasks": len(_tasks(view)), "workers": len(overview.list_workers(view.store))}

    def targets(self, view: SceneView) -> list[Target]:
        """The workers that this machine's supervisor replaces when they end."""
        workers = [worker for worker in overview.list_workers(view.store) if worker.is_ours]
        return [Target(worker.name, f"Worker {worker.name} ({worker.state})", ("kill",)) for worker in workers]

    def perform(self, store: Store, action: str, item: str) -> None:
        """Kill a worker. Its jobs are run by its successor."""
        try:
            overview.kill(store, item)
        except overview.CannotKill as error:
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
