"""Background tasks. Failures are logged, and running tasks are canceled when the exchange stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from ringback.service.debugger import Debugger

log = logging.getLogger("exchange")
Result = TypeVar("Result")
CANCEL_AGAIN_SECONDS = 0.1


class BackgroundTasks:
    """`running` contains the unfinished tasks."""

    def __init__(self, debugger: Debugger) -> None:
        self.debugger = debugger
        self.running: set[asyncio.Task[Any]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run a coroutine in the background. An exception is logged and reported to the debugger (12400)."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A background task of the exchange failed", exc_info=error)
            self.debugger.report(12400, detail=type(error).__name__)

    async def cancel_all(self) -> None:
        """Cancel all tasks, including the tasks that canceled tasks spawn for their callbacks.

        A call that is redirected at the same moment goes on with its new document, so it is canceled once more."""
        while tasks := list(self.running):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_AGAIN_SECONDS)
            await asyncio.sleep(0)  # lets the done callbacks run: they remove the finished tasks
