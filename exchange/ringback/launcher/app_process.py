"""The command that starts an app: waited for, and ended with all that it started."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from ringback.launcher.command_line import UsageError
from ringback.launcher.environment import host_and_port

LISTEN_WARNING_SECONDS = 20.0  # seconds an app may take to listen before a word is said about it
SHUTDOWN_SECONDS = 5.0  # seconds it gets to stop
POLL_SECONDS = 0.05


async def run_command(command: list[str], told: dict[str, str], app: str, ready: str) -> int:
    """Its exit status, as a shell would say it. `ready` is said as soon as somebody listens at `app`."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=told, start_new_session=True)
    except OSError as problem:
        raise UsageError(f"{command[0]} cannot be started: {problem.strerror}") from None
    announcing = asyncio.create_task(_announce(app, ready))
    try:
        status = await process.wait()
        if status and not announcing.done():
            print(f"exchange: the command ended before anything listened at {app}", flush=True)
        return status if status >= 0 else 128 - status
    finally:
        announcing.cancel()
        await _terminate(process)


async def ensure_port_is_free(app: str) -> None:
    """Raises Unusable when somebody does: the app could not, and the wrong one would be rung."""
    if await _is_listening(app):
        raise UsageError(f"Something listens at {app} already: stop it, or choose another port (PORT=5001, or --app)")


async def _announce(app: str, ready: str) -> None:
    """Say when the app can be reached, and once, after a while, that it cannot."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_WARNING_SECONDS):
            return await _announce_when_listening(app, ready)
    print(f"exchange: nothing listens at {app} yet: start the app there (see PORT), or say where: --app", flush=True)
    await _announce_when_listening(app, ready)


async def _announce_when_listening(app: str, ready: str) -> None:
    while not await _is_listening(app):
        await asyncio.sleep(POLL_SECONDS)
    print(ready, flush=True)


async def _is_listening(app: str) -> bool:
    with suppress(OSError):
        _, writer = await asyncio.open_connection(*host_and_port(app))
        writer.close()
        return True
    return False


async def _terminate(process: asyncio.subprocess.Process) -> None:
    """Ask all that the command started to stop, and insist: after a while, or at once when asked a second time."""
    try:
        if _signal_group(process.pid, signal.SIGTERM):
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                while _signal_group(process.pid, 0):
                    await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()


def _signal_group(group: int, number: int) -> bool:
    """Is there still somebody in the group?"""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
