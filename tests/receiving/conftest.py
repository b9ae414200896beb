"""The app with a secret for every provider, in this process and on a real socket."""

from dataclasses import dataclass

import pytest
import redis as redis_client

import config
from receiving.diagnosis import diagnosis_limits, rejection_recorder
from tests.support.environment import own_environment
from tests.support.person import PUBLIC_URL
from tests.support.providers import CASES, case_id, open_app, with_secrets
from tests.support.wsgi_server import serving
from web.token_bucket import TokenBucket


@pytest.fixture(autouse=True)
def full_diagnosis_budget(monkeypatch):
    """Diagnosis is rate limited; each test starts with the full budget."""
    monkeypatch.setattr(diagnosis_limits, "budget", TokenBucket())
    monkeypatch.setattr(rejection_recorder, "recorder", rejection_recorder.RejectionRecorder())


@pytest.fixture(params=CASES, ids=case_id)
def case(request):
    """Each authentication method of each provider."""
    return request.param


@pytest.fixture
def environ(environ):
    return with_secrets(environ)


@pytest.fixture(scope="session")
def shared_app(store):
    """One app for all tests in this folder: it has no state outside Redis."""
    given = own_environment()
    given |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": PUBLIC_URL}
    return open_app(given, redis_client.Redis(port=store.port))


@pytest.fixture
def app(shared_app, redis):
    """The app on an empty Redis."""
    return shared_app


@pytest.fixture
def send(app):
    """Sends a delivery to the app unchanged."""
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
class ServedApp:
    """The app on a real socket, whose address is its PUBLIC_URL."""

    environ: dict
    settings: config.Settings

    @property
    def origin(self):
        return self.settings.public_url


@pytest.fixture(scope="module")
def served_app(store):
    given = own_environment() | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}

    def make_app(origin):
        given["PUBLIC_URL"] = origin
        return open_app(given, redis_client.Redis(port=store.port))

    with serving(make_app):
        yield ServedApp(given, config.load(given))
