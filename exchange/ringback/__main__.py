"""Starts the exchange: `ringback serve`, or `ringback run … -- COMMAND` to start an app with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from ringback.service.garbage_collection import collect_garbage_rarely, without_garbage_collection


@contextmanager
def without_certificate_authorities() -> Iterator[None]:
    """Keeps OpenSSL from loading certificate authorities; loading them takes about a tenth of a second."""
    variable = "SSL_CERT_FILE"
    value = os.environ.get(variable)
    os.environ[variable] = os.devnull
    try:
        yield
    finally:
        del os.environ[variable]
        if value is not None:
            os.environ[variable] = value


# aiohttp loads the authorities on import, but webhooks/connections.py loads them itself when it needs them.
with without_certificate_authorities(), without_garbage_collection():
    from ringback.launcher.command_line_options import UsageError
    from ringback.launcher.config_file import parse
    from ringback.launcher.option_validation import settings_from
    from ringback.launcher.run import calls_go_to, run, running_server
    from ringback.service.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    collect_garbage_rarely()
    try:
        options = parse(arguments)
        if options.do == "run":
            return asyncio.run(run_until_signal(run(options, os.environ)))
        return asyncio.run(run_until_signal(serve(settings_from(options, os.environ))))
    except (UsageError, OSError) as error:
        print(f"ringback: {error}", file=sys.stderr)
        return 2


async def run_until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Runs `work` and returns its exit status. SIGTERM, SIGINT and SIGHUP cancel it; the status is then 0."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def serve(settings: Settings) -> int:
    """Runs the exchange until cancelled."""
    async with running_server(settings) as server:
        app = calls_go_to(server) if settings.app else f"its number is {settings.number}"
        print(f"ringback: ready at {server.origin}/: {app}", flush=True)
        await asyncio.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
