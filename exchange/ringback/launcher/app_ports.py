"""Waits until the started app listens, and finds its port if it is not the expected one."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from ringback.launcher.app_environment import host_and_port

LISTEN_WARNING_SECONDS = 20.0  # how long the app may take to start listening before a warning is printed
POLL_SECONDS = 0.02
SEARCH_SECONDS = 0.5  # between searches for other ports
SETTLE_SECONDS = 2.0  # how long the app must listen at another port before webhooks go there
LOOPBACK_ADDRESSES = ("127.0.0.1", "[::1]")
LISTEN = (
    "0A"  # the state TCP_LISTEN in /proc/net/tcp: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
)
LSOF_SECONDS = 5.0
DEBUGGER_PORTS = {9229, 5678}  # the defaults of Node's inspector and debugpy: never the app itself


async def is_listening(url: str) -> bool:
    """Returns whether a process accepts connections at the host and port of the URL."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection(*host_and_port(url))
        writer.close()
        return True
    return False


async def wait_for_app(session: int, app: str, may_be_elsewhere: bool) -> str:
    """Returns the base URL at which the app listens: `app`, or another loopback port if `may_be_elsewhere`.

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
    """Searches for other ports at which the app listens."""

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
        """The loopback URLs of the app's ports, sorted by port."""
        ports = await asyncio.to_thread(listening_ports, self.session)
        urls = [[f"http://{address}:{port}" for address in LOOPBACK_ADDRESSES] for port in sorted(ports)]
        return [found for both in urls if (found := await _first_listening(both))]


async def _first_listening(urls: list[str]) -> str:
    for url in urls:
        if await is_listening(url):
            return url
    return ""


def listening_ports(session: int) -> set[int]:
    """Returns the ports at which processes of the session listen, except debuggers' ports.

    `session` is its leader's process id. Reads /proc on Linux; elsewhere asks lsof about the leader's process group.
    The set is empty if neither is available."""
    proc = Path("/proc")
    ports = _from_proc(proc, session) if (proc / "net/tcp").exists() else _from_lsof(session)
    return ports - DEBUGGER_PORTS


def _from_proc(proc: Path, session: int) -> set[int]:
    inodes = {inode for folder in proc.glob("[0-9]*") if _session(folder) == session for inode in _sockets(folder)}
    ports = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):  # tcp6 is missing without IPv6
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and fields[9] in inodes:
                    ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def _session(folder: Path) -> int:
    """The session of a process, or 0 if it has ended. See proc(5): the name, in parentheses, may contain anything."""
    with suppress(OSError):
        return int((folder / "stat").read_text().rpartition(")")[2].split()[3])
    return 0


def _sockets(folder: Path) -> set[str]:
    """The inodes of the sockets that a process has open."""
    inodes = set()
    with suppress(OSError):
        for descriptor in os.listdir(folder / "fd"):
            with suppress(OSError):
                inodes.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(folder / "fd" / descriptor)))
    return inodes


def _from_lsof(group: int) -> set[int]:
    command = ["lsof", "-a", "-nP", "-iTCP", "-sTCP:LISTEN", f"-g{group}", "-Fn"]
    with suppress(OSError, subprocess.TimeoutExpired):
        listed = subprocess.run(  # noqa: S603 (the command is ours)
            command, capture_output=True, text=True, timeout=LSOF_SECONDS, check=False
        )
        return {int(port) for port in re.findall(r"^n.*:(\d+)$", listed.stdout, re.MULTILINE)}
    return set()
