"""Runs the command that starts the app, and stops it with all its child processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from ringback.launcher.command_line_options import UsageError

SHUTDOWN_SECONDS = 5.0  # between SIGTERM and SIGKILL
POLL_SECONDS = 0.05
Watch = Callable[[int], Awaitable[None]]


async def run_command(command: list[str], environment: dict[str, str], watch: Watch) -> int:
    """Runs the command and returns its exit status (128 + n for signal n). Runs `watch(process_id)` meanwhile.

    Raises UsageError if the command cannot be started."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment, start_new_session=True)
    except OSError as problem:
        raise UsageError(f"{command[0]} cannot be started: {problem.strerror}") from None
    watching = asyncio.ensure_future(watch(process.pid))
    try:
        status = await process.wait()
        if status and not watching.done():
            print("ringback: the command exited before the app started listening", flush=True)
        return status if status >= 0 else 128 - status
    finally:
        watching.cancel()
        await _terminate(process)


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
