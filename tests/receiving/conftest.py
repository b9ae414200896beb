"""The cast: every provider in the folder, its secrets, and requests as it sends them."""

import threading
from dataclasses import dataclass

import pytest
import redis as redis_client
from werkzeug.serving import make_server

import config
from receiving import receiver
from receiving.diagnosis.provider import TokenBucket
from scripts.demo import read_env
from tests.support.person import PUBLIC_URL
from tests.support.processes import ROOT
from tests.support.providers import CASES, case_id, open_app, with_secrets


@pytest.fixture(autouse=True)
def nobody_was_turned_away_before(monkeypatch):
    """So that each refusal is looked into, however many tests there are in a second."""
    monkeypatch.setattr(receiver, "diagnosis_budget", TokenBucket())


@pytest.fixture(params=CASES, ids=case_id)
def case(request):
    """Each way of each provider in turn."""
    return request.param


@pytest.fixture
def environ(environ):
    return with_secrets(environ)


@pytest.fixture(scope="session")
def house(store):
    """One app for all of this room's tests: it keeps nothing but what is in the store."""
    given = with_secrets(read_env(ROOT / ".env.demo"))
    given |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": PUBLIC_URL}
    return open_app(given, redis_client.Redis(port=store.port))


@pytest.fixture
def app(house, redis):
    """The whole app on an empty store."""
    return house


@pytest.fixture
def send(app):
    """Puts a delivery through the app as it is."""
    client = app.test_client()

    def put(delivery, **changes):
        target = delivery.url.removeprefix(PUBLIC_URL)
        path, _, query = target.partition("?")
        return client.open(
            path,
            method=delivery.method,
            query_string=query,
            data=delivery.body,
            headers=list(delivery.headers.items()),
            environ_overrides={"RAW_URI": target, **changes},
        )

    return put


@dataclass(frozen=True)
class FrontDoor:
    """The app on a real socket, at the address it takes for its public one."""

    environ: dict
    settings: config.Settings

    @property
    def origin(self):
        return self.settings.public_url


@pytest.fixture(scope="module")
def front_door(store):
    server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
    given = with_secrets(read_env(ROOT / ".env.demo"))
    given |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": f"http://127.0.0.1:{server.server_port}"}
    app = open_app(given, redis_client.Redis(port=store.port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield FrontDoor(given, config.load(given))
    server.shutdown()
    thread.join()
    server.server_close()
