"""The runtime: what calls, messages and conferences use of the exchange, and nothing that knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ringback.calls.call_log import CallLog
from ringback.service import bounded_dict
from ringback.service.background_tasks import BackgroundTasks
from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.debugger import Debugger
from ringback.service.faults import FaultInjector
from ringback.service.feed import Feed
from ringback.service.media import Media
from ringback.service.settings import Settings
from ringback.sound.recordings import RecordingStore
from ringback.webhooks.sender import WebhookSender

Result = TypeVar("Result")


class Runtime:
    """`origin` is where others reach the exchange; `media` what it fetched or made, by sid."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        log_of: Callable[[str], CallLog | None],
        media_forgotten: Callable[[Media], object],
    ) -> None:
        self.settings, self.clock = settings, clock
        self.origin = settings.origin or f"http://{settings.host}:{settings.port}"
        self.feed = Feed(clock)
        self.debugger = Debugger(clock, self.feed)
        self.faults = FaultInjector(settings.seed)
        for written in settings.faults:
            self.faults.add_from_text(written)
        self.tasks = BackgroundTasks(self.debugger)
        self.webhooks = WebhookSender(settings, clock, self.faults, self.debugger, self.tasks, log_of)
        self.recordings = RecordingStore(clock, settings.pace)
        self.media: BoundedDict[str, Media] = BoundedDict(
            bounded_dict.MAX_MEDIA, on_evict=media_forgotten, size_of=bounded_dict.body_size
        )

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run something beside everything else; what goes wrong in it is logged."""
        return self.tasks.spawn(work)

    async def close(self) -> None:
        """Stop everything that runs, at once."""
        self.feed.close()
        await self.tasks.cancel_all()
        await self.webhooks.client.close()
