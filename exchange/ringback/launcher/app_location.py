"""Waits until the started app listens, and finds its URL if it is not the expected one."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from ringback.launcher.environment import host_and_port
from ringback.launcher.listening_ports import listening_ports

LISTEN_WARNING_SECONDS = 20.0  # how long the app may take to start listening before a warning is printed
POLL_SECONDS = 0.02
SEARCH_SECONDS = 0.5  # between two searches for other ports
SETTLE_SECONDS = 2.0  # at another port before webhooks go there
LOOPBACK_ADDRESSES = ("127.0.0.1", "[::1]")


async def is_listening(url: str) -> bool:
    """Returns whether a process accepts connections at the host and port of the URL."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection(*host_and_port(url))
        writer.close()
        return True
    return False


async def wait_for_app(session: int, app: str, may_be_elsewhere: bool) -> str:
    """Returns the base URL at which the app listens: `app`, or another loopback port if it may be elsewhere.

    Prints each problem once: the app listens only at other ports, or not at all for a long time."""
    search = _Search(session, app, may_be_elsewhere)
    started = time.monotonic()
    warned = False
    while not await is_listening(app):
        if found := await search.next():
            return found
        if not warned and time.monotonic() - started > LISTEN_WARNING_SECONDS:
            warned = True
            print(
                f"ringback: the app is not listening at {app} yet: start it there (see PORT), or set --app", flush=True
            )
        await asyncio.sleep(POLL_SECONDS)
    return app


class _Search:
    """Looks for other ports of the app."""

    def __init__(self, session: int, app: str, may_move: bool) -> None:
        self.session, self.app, self.may_move = session, app, may_move
        self.searched_at = self.found_at = time.monotonic()
        self.found: list[str] = []
        self.has_said = False

    async def next(self) -> str:
        """Returns the URL of the app's only port once it has been the same for SETTLE_SECONDS; otherwise ""."""
        now = time.monotonic()
        if now - self.searched_at < SEARCH_SECONDS:
            return ""
        self.searched_at = now
        found = await self._urls()
        if found != self.found:
            self.found, self.found_at = found, now
        if not found or now - self.found_at < SETTLE_SECONDS:
            return ""
        if len(found) == 1 and self.may_move:
            print(f"ringback: the app listens at {found[0]}, not at {self.app}: webhooks go there", flush=True)
            return found[0]
        self._say(" and ".join(found))
        return ""

    def _say(self, found: str) -> None:
        if not self.has_said:
            self.has_said = True
            advice = f"set --app {self.found[0]}" if len(self.found) == 1 else "choose one with --app"
            print(f"ringback: the app listens at {found}, not at {self.app}: {advice}", flush=True)

    async def _urls(self) -> list[str]:
        """The loopback URLs of the app's ports, in the order of the ports."""
        ports = await asyncio.to_thread(listening_ports, self.session)
        urls = [[f"http://{address}:{port}" for address in LOOPBACK_ADDRESSES] for port in sorted(ports)]
        return [found for both in urls if (found := await _first_listening(both))]


async def _first_listening(urls: list[str]) -> str:
    for url in urls:
        if await is_listening(url):
            return url
    return ""
