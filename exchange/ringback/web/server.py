"""The exchange's process: its state behind its web server, started and stopped."""

from __future__ import annotations

from aiohttp import web

from ringback.service.clock import Clock
from ringback.service.settings import Settings
from ringback.state import State
from ringback.web.app import make_app

SHUTDOWN_SECONDS = 0.5  # seconds that answers under way get when the exchange stops


class Server:
    """start() listens and stop() ends everything, quickly, whoever is still connected."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.state = State(settings, clock)
        self.runner = web.AppRunner(make_app(self.state), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        """The one it listens on, once started."""
        found: int = self.runner.addresses[0][1]
        return found

    @property
    def origin(self) -> str:
        return self.state.origin

    async def start(self) -> None:
        await self.runner.setup()
        site = web.TCPSite(self.runner, self.settings.host, self.settings.port)
        await site.start()
        if not self.settings.origin:
            host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
            self.state.origin = f"http://{host}:{self.port}"

    async def stop(self) -> None:
        await self.state.close()
        await self.runner.cleanup()
