"""Starts Ringback for tests, and the app if a command starts it; both keep running for later tests."""

from __future__ import annotations

import asyncio
import io
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, redirect_stderr
from dataclasses import replace

from ringback.launcher import config_file
from ringback.launcher.app_environment import app_address, resolve_command, with_account, without_tool_path
from ringback.launcher.app_ports import wait_for_app
from ringback.launcher.app_process import run_command
from ringback.launcher.command_line_options import UsageError
from ringback.launcher.option_validation import settings_from
from ringback.launcher.run import ensure_port_is_free, replacing_twilio
from ringback.testing.background_loop import BackgroundLoop
from ringback.testing.ports import reserved_port
from ringback.testing.stepped_clock import SteppedClock

APP_START_SECONDS = 60.0  # how long the command may take until the app listens
TEST_OPTIONS = ("--pace=0", "--delivery=0")  # speech and delivery take no time, unless the project's options say so
NO_COMMAND = (
    "Ringback does not know how to start the app. Override the fixture ringback_app, so that it returns a command or a "
    "WSGI or ASGI app, or set `ringback_options = -- COMMAND` in pytest's configuration, or `command` in ringback.toml."
)


class Launch:
    """A running Ringback. `variables` is the environment in which an app's requests to Twilio reach Ringback."""

    def __init__(self, loop: BackgroundLoop, options: Namespace, environment: Mapping[str, str]) -> None:
        self.loop, self.options = loop, options
        self.app_may_be_elsewhere = not options.app
        options.app = app_address(options.app, environment)
        self.settings = replace(settings_from(options, environment), answer_after=0.0)
        self.environment, self.own_environment = environment, dict(os.environ)
        self.stack = AsyncExitStack()
        self.command: list[str] = []
        self.process: asyncio.Task[int] | None = None
        self.is_new = True
        self.loop.run(self._start())

    async def _start(self) -> None:
        clock = SteppedClock()
        twilio = replacing_twilio(self.settings, self.environment, tuple(self.options.let_through), clock)
        self.server, self.variables = await self.stack.enter_async_context(twilio)
        clock.is_app_busy = lambda: self.server.state.webhooks.pending > 0

    @property
    def origin(self) -> str:
        return self.server.origin

    @property
    def changed_variables(self) -> set[str]:
        """The names of the variables that this process must set for an app that runs in it."""
        own = self.own_environment
        return {name for name, value in self.variables.items() if own.get(name) != value}

    @property
    def app_status(self) -> int | None:
        """The exit status of the app's command, or None while it runs."""
        return self.process.result() if self.process and self.process.done() else None

    def forget(self) -> None:
        """Return to the initial state for the next test. A running command continues."""
        if not self.is_new:
            self.loop.run(self.server.state.reset())
        self.is_new = False

    def run_app(self, command: Sequence[str]) -> None:
        """Start the command and wait until the app listens, unless it is running already. Raises UsageError."""
        if list(command) != self.command or self.app_status is not None:
            self.stop_app()
            self.loop.run(self._start_app(list(command)))

    async def _start_app(self, command: list[str]) -> None:
        await ensure_port_is_free(self.settings.app)
        address = self.server.state.app_address
        listening = asyncio.Event()

        async def watch(session: int) -> None:
            found = await wait_for_app(session, address.app, self.app_may_be_elsewhere)
            if found != address.app:
                address.move(found)
            listening.set()

        resolved = resolve_command(command, self.environment)
        self.process = asyncio.create_task(run_command(resolved, self.variables, watch))
        waiting = asyncio.create_task(listening.wait())
        await asyncio.wait({self.process, waiting}, timeout=APP_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not listening.is_set():
            status = f"ended with exit status {self.app_status}" if self.process.done() else "did not listen in time"
            await self._stop_app()
            raise UsageError(f"The app ({' '.join(command)}) {status}. It should listen at {self.settings.app}.")
        self.command = command

    def stop_app(self) -> None:
        """Stop the command, if one is running: an app in this process takes its port."""
        self.loop.run(self._stop_app())

    async def _stop_app(self) -> None:
        if self.process:
            self.process.cancel()
            await asyncio.gather(self.process, return_exceptions=True)
        self.process, self.command = None, []

    def close(self) -> None:
        """Stop the app and Ringback."""
        self.stop_app()
        self.loop.run(self.stack.aclose())


class Launches:
    """The Ringback of a test session. It is restarted only when a test's options differ from the previous test's."""

    def __init__(self) -> None:
        self.loop = BackgroundLoop()
        self.app_port = reserved_port()
        self.port = reserved_port()
        self.environment = with_account(without_tool_path(os.environ)) | {"PORT": str(self.app_port)}
        self.options: list[str] = []
        self.current: Launch | None = None

    def get(self, options: list[str]) -> Launch:
        """Returns a Ringback with these options of `ringback run`, in its initial state. Raises UsageError."""
        if self.current is None or options != self.options:
            self._close_current()
            parsed = self._parse(options if "--" in options else [*options, "--", "app"])
            self.current, self.options = Launch(self.loop, parsed, self.environment), options
        self.current.forget()
        return self.current

    def command(self, options: list[str]) -> list[str]:
        """The command that starts the app, from these options or ringback.toml. Raises UsageError."""
        try:
            return list(self._parse(options).command)
        except UsageError as error:
            raise UsageError(NO_COMMAND) from error

    def _parse(self, options: list[str]) -> Namespace:
        """The options as `ringback run` understands them. Raises UsageError."""
        output = io.StringIO()
        try:
            with redirect_stderr(output):
                return config_file.parse(["run", f"--port={self.port}", *TEST_OPTIONS, *options])
        except SystemExit:
            raise UsageError(f"ringback_options: {output.getvalue().strip().splitlines()[-1]}") from None

    def _close_current(self) -> None:
        if self.current:
            self.current.close()
        self.current = None

    def close(self) -> None:
        self._close_current()
        self.loop.close()
