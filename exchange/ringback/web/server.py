"""The server: starts and stops an exchange's state and its web application."""

from __future__ import annotations

import ssl

from aiohttp import web

from ringback.service.clock import Clock
from ringback.service.settings import Settings
from ringback.state import State
from ringback.web.app import make_app

SHUTDOWN_SECONDS = 0.5  # grace period for in-flight requests when the exchange stops


class Server:
    """One exchange. start() opens its port; stop() ends all calls and connections."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.state = State(settings, clock)
        self.runner = web.AppRunner(make_app(self.state), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        """The port that the started server listens on."""
        port: int = self.runner.addresses[0][1]
        return port

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

    async def add_port(self, tls: ssl.SSLContext | None = None) -> int:
        """Opens a further loopback port, with TLS if there is a context. Returns it."""
        await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=tls).start()
        return int(self.runner.addresses[-1][1])

    async def stop(self) -> None:
        await self.state.close()
        await self.runner.cleanup()
