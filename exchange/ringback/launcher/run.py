"""Run the exchange together with a web app that believes it talks to Twilio."""

from __future__ import annotations

import argparse
import errno
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ringback.account.api_keys import ApiKey
from ringback.account.applications import TwimlApplication
from ringback.account.webhook_urls import app_webhook_urls
from ringback.launcher.app_process import ensure_port_is_free, run_command
from ringback.launcher.certificates import CertificateAuthority
from ringback.launcher.command_line import UsageError, settings_from
from ringback.launcher.environment import app_address, app_environment, resolve_command, with_account
from ringback.launcher.proxy import Proxy
from ringback.launcher.twilio_hosts import TwilioHosts
from ringback.service.settings import Settings
from ringback.service.sids import new_sid
from ringback.state import State
from ringback.web.server import Server

# What apps call the sid of their TwiML application.
APPLICATION_SID_VARIABLES = ("TWILIO_TWIML_APP_SID", "TWILIO_APPLICATION_SID", "TWIML_APPLICATION_SID", "TWIML_APP_SID")


async def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serve and run the app until it ends; its exit status. All that is written lies in a folder that goes with it."""
    given = with_account(environment)
    options.app = app_address(options.app, given)
    settings = settings_from(options, given)
    command = resolve_command(options.command, given)
    await ensure_port_is_free(settings.app)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exchange-")))
        server = await stack.enter_async_context(running_server(settings))
        trust = CertificateAuthority(folder, given)
        twilio_hosts = TwilioHosts(server.state, trust)
        stack.push_async_callback(twilio_hosts.stop)
        await twilio_hosts.start()
        proxy = Proxy(twilio_hosts.port, twilio_hosts.plain_port, tuple(options.let_through))
        stack.push_async_callback(proxy.stop)
        await proxy.start()
        told = app_environment(given, settings, server.origin, proxy.url, twilio_hosts.port, trust.bundle)
        told |= _login(server.state, given) | _application(server.state, given)
        ready = f"ready: the phones are at {server.origin}/ and {settings.number} rings at {settings.app}"
        return await run_command(command, told, settings.app, ready)


@asynccontextmanager
async def running_server(settings: Settings) -> AsyncIterator[Server]:
    """A server that has started, and will be stopped. Raises Unusable when its port is taken."""
    server = Server(settings)
    try:
        await _start(server, settings.port)
        yield server
    finally:
        await server.stop()


async def _start(server: Server, port: int) -> None:
    try:
        await server.start()
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        sentence = f"Port {port} is taken: choose another for the exchange with --port (0 is any free one)"
        raise UsageError(sentence) from None


def _application(state: State, given: Mapping[str, str]) -> dict[str, str]:
    """A TwiML application with the app's own addresses, for the numbers it buys, under the sid that it has for one."""
    sid = next((given[name] for name in APPLICATION_SID_VARIABLES if given.get(name)), new_sid("AP"))
    addresses = app_webhook_urls(state.settings, state.clock.now())
    state.applications[sid] = TwimlApplication(sid=sid, friendly_name="exchange run", **addresses)
    return dict.fromkeys(APPLICATION_SID_VARIABLES, sid)


def _login(state: State, given: Mapping[str, str]) -> dict[str, str]:
    """An API key as its login to REST: the app's own where it has one, which the exchange then knows."""
    key = ApiKey("exchange run", state.clock.now())
    if given.get("TWILIO_API_KEY") and given.get("TWILIO_API_SECRET"):
        key = ApiKey(key.friendly_name, key.created, given["TWILIO_API_KEY"], given["TWILIO_API_SECRET"])
    state.keys[key.sid] = key
    return {"TWILIO_API_KEY": key.sid, "TWILIO_API_SECRET": key.secret}
