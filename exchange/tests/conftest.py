"""The cast: an exchange on a free port, a small app that it calls, and people with handsets.

The exchange's clock is stopped: a test lets seconds pass with `exchange.time_passes`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from aiohttp import web
from twilio.rest import Client

from ringback.account.phone_numbers import PhoneNumber
from ringback.service.settings import Settings
from ringback.testing.stepped_clock import SteppedClock
from ringback.testing.waiting import LIMIT_SECONDS
from ringback.web.server import Server
from support.app_websocket import AppWebSocket
from support.exchange import NUMBER, SID, TOKEN, Exchange
from support.person import Person
from support.processes import PROJECT, needs
from support.relay_call import RelayCall
from support.stream_app import StreamApp
from support.stub_app import StubApp

# No deadline for examples, because the machine may be busy. Otherwise hypothesis's defaults, here and in CI.
hypothesis.settings.register_profile(
    "busy", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

# Processes that tests start run this folder's Ringback, whichever is installed.
os.environ["PYTHONPATH"] = str(PROJECT)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    asyncio.run_coroutine_threadsafe(_cancel_everything(), loop).result(LIMIT_SECONDS)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _cancel_everything() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def app(loop: asyncio.AbstractEventLoop) -> Iterator[StubApp]:
    tiny = StubApp()

    async def start() -> web.AppRunner:
        served = web.Application()
        served.router.add_route("*", "/{path:.*}", tiny.handle)
        runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tiny.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT_SECONDS)
    yield tiny
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(LIMIT_SECONDS)


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings of the exchange, which a test module can override."""
    return {}


@pytest.fixture
def exchange(loop: asyncio.AbstractEventLoop, app: StubApp, options: dict[str, Any]) -> Iterator[Exchange]:
    given = {"voice_status": "/done", "port": 0, "pace": 0.0, "delivery": 0.0, "answer_after": 0.0} | options
    settings = Settings(account_sid=SID, auth_token=TOKEN, number=NUMBER, app=app.origin, **given)

    async def start() -> Server:
        server = Server(settings, SteppedClock())
        await server.start()
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT_SECONDS)
    yield Exchange(loop, server)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(LIMIT_SECONDS)


@pytest.fixture
def number(exchange: Exchange) -> PhoneNumber:
    """The app's number, whose webhooks a test can change."""
    return exchange.state.numbers[NUMBER]


@pytest.fixture
def ada(exchange: Exchange) -> Person:
    return exchange.person("1")


@pytest.fixture
def ben(exchange: Exchange) -> Person:
    return exchange.person("2")


@pytest.fixture
def cyd(exchange: Exchange) -> Person:
    return exchange.person("3")


@pytest.fixture
def agent(app: StubApp, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> StreamApp:
    """An app that connects each call to its WebSocket, and a clock that moves only when a test steps it."""
    loop.call_soon_threadsafe(exchange.state.clock.stop)
    agent = StreamApp(loop, app, exchange)
    app.answers["/voice"] = f'<Response><Connect><Stream url="{agent.url}"/></Connect><Say>Bye</Say></Response>'
    return agent


@pytest.fixture
def call(agent: StreamApp, ada: Person) -> Person:
    """Ada in a call that is connected to the app's WebSocket."""
    ada.dials()
    agent.gets("start")
    return ada


@pytest.fixture
def relay(exchange: Exchange, app: StubApp, ada: Person, loop: asyncio.AbstractEventLoop) -> RelayCall:
    """Ada's call in a ConversationRelay session. Its tests set `pace` to 1, so that speech takes its natural time."""
    return RelayCall(exchange, app, ada, AppWebSocket(loop))


@pytest.fixture
def client(exchange: Exchange) -> Client:
    """Twilio's client, connected to the exchange."""
    return exchange.client()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1_000 * LIMIT_SECONDS)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    needs(program, "Chromium: apt-get install chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*quiet, "--disable-background-networking", "--disable-quic"]
        )
        yield chromium
        chromium.close()
