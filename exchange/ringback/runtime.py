"""The runtime: the services that calls, messages and conferences use. The services do not depend on those modules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from operator import attrgetter
from typing import Any, TypeVar
from weakref import WeakSet

from ringback.account.geography import Place
from ringback.calls.call_log import CallLog
from ringback.service.background_tasks import BackgroundTasks
from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.debugger import Debugger
from ringback.service.faults import FaultInjector
from ringback.service.live_feed import Feed
from ringback.service.media import MAX_MEDIA, Media
from ringback.service.settings import Settings
from ringback.sound.recordings import RecordingStore
from ringback.streams.pacing import FramePacer
from ringback.webhooks.app_address import AppAddress
from ringback.webhooks.sender import WebhookSender
from ringback.websockets.app_socket import AppSocket

Result = TypeVar("Result")


class Runtime:
    """The services of one exchange. `origin` is its public URL; `media` holds fetched and recorded media by sid.

    `log_of` returns the log of the call with a given sid; `on_media_evicted` is called with each evicted media file."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        log_of: Callable[[str], CallLog | None],
        on_media_evicted: Callable[[Media], object],
    ) -> None:
        self.settings, self.clock = settings, clock
        self.origin = settings.origin or f"http://{settings.host}:{settings.port}"
        self.feed = Feed(clock)
        self.debugger = Debugger(clock, self.feed)
        self.faults = FaultInjector(settings.seed)
        for fault in settings.faults:
            self.faults.add_from_text(fault)
        self.tasks = BackgroundTasks(self.debugger)
        self.app_address = AppAddress(settings.app, settings.public)
        self.webhooks = WebhookSender(settings, self.app_address, clock, self.faults, self.debugger, self.tasks, log_of)
        self.recordings = RecordingStore(clock, settings.pace)
        self.media: BoundedDict[str, Media] = BoundedDict(
            MAX_MEDIA, on_evict=on_media_evicted, size_of=attrgetter("size")
        )
        self.pacer = FramePacer(clock)
        self.app_sockets: WeakSet[AppSocket] = WeakSet()

    def media_at(self, path: str | None) -> Media | None:
        """Returns the media file at a path such as /media/ME…, or None if it is not stored."""
        return self.media.get(path.rpartition("/")[2]) if path else None

    def place_of(self, number: str) -> Place:
        """Returns the location of the number. Here it is always unknown; State overrides this method."""
        return Place()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Runs a coroutine in the background. Its exceptions are logged and reported to the debugger."""
        return self.tasks.spawn(work)

    async def close(self) -> None:
        """Cancels all background tasks and closes the live feed, the streams and the HTTP client."""
        self.feed.close()
        self.pacer.close()
        await self.tasks.cancel_all()
        for app_socket in self.app_sockets:  # sockets whose tasks were cancelled before closing them
            app_socket.release()
        await self.webhooks.client.close()
