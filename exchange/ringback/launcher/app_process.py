"""Runs the command that starts the app, and stops it with all its child processes."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from ringback.launcher.command_line import UsageError
from ringback.launcher.environment import host_and_port

LISTEN_WARNING_SECONDS = 20.0  # how long the app may take to start listening before a warning is printed
SHUTDOWN_SECONDS = 5.0  # between SIGTERM and SIGKILL
POLL_SECONDS = 0.05


async def run_command(command: list[str], environment: dict[str, str], app: str, ready: str) -> int:
    """Runs the command and returns its exit status (128 + n for signal n). Prints `ready` once the app is listening.

    Raises UsageError if the command cannot be started."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment, start_new_session=True)
    except OSError as problem:
        raise UsageError(f"{command[0]} cannot be started: {problem.strerror}") from None
    announcing = asyncio.create_task(_announce(app, ready))
    try:
        status = await process.wait()
        if status and not announcing.done():
            print(f"ringback: the command exited before the app started listening at {app}", flush=True)
        return status if status >= 0 else 128 - status
    finally:
        announcing.cancel()
        await _terminate(process)


async def ensure_port_is_free(app: str) -> None:
    """Raises UsageError if another process is listening there, because webhooks would reach the wrong app."""
    if await _is_listening(app):
        raise UsageError(f"Another process is listening at {app}: stop it, or choose another port (PORT=5001 or --app)")


async def _announce(app: str, ready: str) -> None:
    """Prints `ready` once the app is listening. Prints one warning if that takes longer than LISTEN_WARNING_SECONDS."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_WARNING_SECONDS):
            return await _announce_when_listening(app, ready)
    print(f"ringback: the app is not listening at {app} yet: start it there (see PORT), or set --app", flush=True)
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
    """Stops the process group: SIGTERM, then SIGKILL after SHUTDOWN_SECONDS or on cancellation."""
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
    """Sends a signal to a process group. Returns whether the group still exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
