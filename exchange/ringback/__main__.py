"""Start the exchange: python -m ringback serve, or python -m ringback run … -- the command that starts an app."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from ringback.launcher.command_line import UsageError, parser, settings_from
from ringback.launcher.run import run, running_server
from ringback.service.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.do == "run":
            return asyncio.run(run_until_signal(run(options, os.environ)))
        return asyncio.run(run_until_signal(serve(settings_from(options, os.environ))))
    except (UsageError, OSError) as problem:
        print(f"exchange: {problem}", file=sys.stderr)
        return 2


async def run_until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Let it run until it ends, or until SIGTERM, SIGINT or SIGHUP, which cancel it and are no failure."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def serve(settings: Settings) -> int:
    """Serve until cancelled."""
    async with running_server(settings) as server:
        print(f"exchange: {settings.number} rings at {server.origin} and calls {settings.app or 'nobody'}", flush=True)
        await asyncio.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
