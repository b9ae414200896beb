"""Runs the exchange together with a web app whose requests to Twilio reach the exchange."""

from __future__ import annotations

import argparse
import errno
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from ringback.account.api_keys import ApiKey
from ringback.account.applications import TwimlApplication
from ringback.account.webhook_urls import app_webhook_urls
from ringback.launcher.app_environment import (
    app_address,
    app_environment,
    interception_variables,
    resolve_command,
    with_account,
    without_tool_path,
)
from ringback.launcher.app_ports import is_listening, wait_for_app
from ringback.launcher.app_process import run_command
from ringback.launcher.certificates import CertificateAuthority
from ringback.launcher.command_line_options import UsageError
from ringback.launcher.option_validation import settings_from
from ringback.launcher.proxy import Proxy
from ringback.service.clock import Clock
from ringback.service.settings import Settings
from ringback.service.sids import new_sid
from ringback.state import State
from ringback.web.server import Server

# The variables in which apps usually keep the sid of their TwiML application.
APPLICATION_SID_VARIABLES = ("TWILIO_TWIML_APP_SID", "TWILIO_APPLICATION_SID", "TWIML_APPLICATION_SID", "TWIML_APP_SID")


async def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Runs the exchange and the app until the app exits. Returns its exit status. All files are temporary."""
    environment = with_account(without_tool_path(environment))
    app_may_be_elsewhere = not options.app
    options.app = app_address(options.app, environment)
    settings = settings_from(options, environment)
    command = resolve_command(options.command, environment)
    await ensure_port_is_free(settings.app)
    async with replacing_twilio(settings, environment, tuple(options.let_through)) as (server, app_variables):
        return await run_command(command, app_variables, partial(_announce, server, app_may_be_elsewhere))


@asynccontextmanager
async def replacing_twilio(
    settings: Settings, environment: Mapping[str, str], let_through: tuple[str, ...], clock: Clock | None = None
) -> AsyncIterator[tuple[Server, dict[str, str]]]:
    """Yields a started server, and the environment of an app whose requests to Twilio reach it."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exchange-")))
        server = await stack.enter_async_context(running_server(settings, clock))
        authority = CertificateAuthority(folder, environment)
        tls_port = await server.add_port(authority.context("api.twilio.com"))
        # Some clients, such as axios, send requests for https URLs to a proxy as plain HTTP.
        proxy = Proxy(tls_port, await server.add_port(), let_through)
        stack.push_async_callback(proxy.stop)
        await proxy.start()
        intercepting = interception_variables(proxy.url, tls_port, authority.bundle, environment)
        app_variables = app_environment(environment, settings, server.origin, intercepting)
        app_variables |= _api_key(server.state, environment) | _application(server.state, environment)
        yield server, app_variables


async def ensure_port_is_free(app: str) -> None:
    """Raises UsageError if another process is listening at this URL, because webhooks would reach the wrong app."""
    if await is_listening(app):
        raise UsageError(f"Another process is listening at {app}: stop it, or choose another port (PORT=5001 or --app)")


async def _announce(server: Server, app_may_be_elsewhere: bool, session: int) -> None:
    """Waits until the app listens, directs webhooks there and prints that everything is ready."""
    address = server.state.app_address
    found = await wait_for_app(session, address.app, app_may_be_elsewhere)
    if found != address.app:
        address.move(found)
    print(f"ready: the phones are at {server.origin}/ and {calls_go_to(server)}", flush=True)


def calls_go_to(server: Server) -> str:
    """Returns a phrase that says where calls to the app's numbers go."""
    address, numbers = server.state.app_address, ", ".join(server.state.numbers)
    known = f" (known as {server.settings.public})" if server.settings.public else ""
    return f"calls to {numbers} go to {address.app}{known}"


@asynccontextmanager
async def running_server(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Server]:
    """Yields a started server and stops it afterwards. Raises UsageError if its port is in use."""
    server = Server(settings, clock)
    try:
        await _start(server, settings.port)
        yield server
    finally:
        await server.stop()


async def _start(server: Server, port: int) -> None:
    try:
        await server.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = f"Port {port} is in use: choose another port for the exchange with --port (0 chooses any free port)"
        raise UsageError(message) from None


def _application(state: State, environment: Mapping[str, str]) -> dict[str, str]:
    """Creates a TwiML application with the sid in the environment, or a new sid. Returns the variables that name it."""
    sid = next((environment[name] for name in APPLICATION_SID_VARIABLES if environment.get(name)), new_sid("AP"))
    urls = app_webhook_urls(state.settings.of_number(state.settings.number), state.clock.now())
    state.applications[sid] = TwimlApplication(sid=sid, friendly_name="exchange run", **urls)
    return dict.fromkeys(APPLICATION_SID_VARIABLES, sid)


def _api_key(state: State, environment: Mapping[str, str]) -> dict[str, str]:
    """Creates an API key with the sid and secret in the environment, or new ones. Returns the key's variables."""
    key = ApiKey("exchange run", state.clock.now())
    if environment.get("TWILIO_API_KEY") and environment.get("TWILIO_API_SECRET"):
        sid, secret = environment["TWILIO_API_KEY"], environment["TWILIO_API_SECRET"]
        key = ApiKey(key.friendly_name, key.created, sid, secret)
    state.keys[key.sid] = key
    return {"TWILIO_API_KEY": key.sid, "TWILIO_API_SECRET": key.secret}
