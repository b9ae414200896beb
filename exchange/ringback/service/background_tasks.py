"""Background tasks: what runs beside everything else, logged when it fails and cancelled when the exchange stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from ringback.service.debugger import Debugger

log = logging.getLogger("exchange")
Result = TypeVar("Result")


class BackgroundTasks:
    """The tasks that run now."""

    def __init__(self, debugger: Debugger) -> None:
        self.debugger = debugger
        self.running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run something beside everything else; what goes wrong in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self.running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Something went wrong in the exchange", exc_info=error)
            self.debugger.report(12400, detail=type(error).__name__)

    async def cancel_all(self) -> None:
        while tasks := list(self.running):  # what is cut short has callbacks to send: these are tasks again
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # what had ended already is only forgotten in the next turn
