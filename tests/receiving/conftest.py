"""The cast: every provider in the folder, its secrets, and requests as it sends them."""

import base64
import os
import threading
from dataclasses import dataclass, replace

import pytest
import redis as redis_client
from werkzeug.serving import make_server

import config
from receiving import provider_views, providers, receiver
from receiving.delivery import Delivery
from receiving.diagnosis.provider import Glances
from scripts.demo import read_env
from tests.conftest import HERE, PUBLIC_URL

# Made for these tests. A provider without a line here gets the last word; if it cannot work with that, add a line.
ANY = "any-secret-of-a-provider-nobody-has-met"
SENDGRID_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx2ADNehMXekVs+n/81KviO1LfagyFGvdPM3ylwckBvqhRANCAASSif70RyzjE8uP"
    "goO7iOSSJCm3gMFmXkVEJoB9YhGLOwLtaDxDxcvPn+zRljuwSK4EaVI+a1T5mSG1H75QDE9U"
)
SENDGRID_OTHER = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgefGH7vtuLoCAtSqms6MHvHB/uoggBIvd70rQtNKe0YihRANCAARyE1NzbCXJtyRP"
    "F8rykQCTRr1c4CV4ezXD0mA9XFVwu7zDDInMZNEvFD/hzHZRucnDBm882qwDh2lGL6OLwxJt"
)


def key(letter, kind="whsec", size=32):
    return f"{kind}_" + base64.b64encode(letter.encode() * size).decode()


# Provider -> the ways it can prove itself. Its setting holds them all; each is tried alone as a case of its own.
WAYS = {
    "braintree": ["public_1:private_1"],
    "heroku": ["heroku-secret,authorization:Bearer abc"],
    "mailchimp": ["signing-secret", "path:" + "m" * 32],
    "plain": ["basic:ada:lovelace-lovelace", "bearer:" + "b" * 32, "path:" + "p" * 32],
    "sendgrid": [SENDGRID_KEY, "path:" + "s" * 32],
    "standard": [key("a"), key("b", "whsk")],
    "stripe": ["whsec_" + "c" * 32],
}
OTHERS = {
    "braintree": "public_1:private_2",
    "heroku": "other-secret",
    "plain": "basic:ada:another-password",
    "sendgrid": SENDGRID_OTHER,
    "standard": key("z"),
}


def secrets(text):
    return tuple(config.Secret(part) for part in text.split(","))


# Provider -> all of these as its setting holds them.
HELD = {name: secrets(",".join(WAYS.get(name, [f"{name}-{ANY}"]))) for name in providers.load()}


@dataclass(frozen=True)
class Case:
    """One way in which one provider proves itself."""

    provider: providers.Provider
    secrets: config.Secrets

    @property
    def name(self):
        return self.provider.name

    def unsigned(self, event="") -> Delivery:
        event = event or next(iter(self.provider.samples))
        return self.provider.sample(event, f"{PUBLIC_URL}/webhooks/{self.name}")

    def signed(self, event="", at=None) -> Delivery:
        delivery = self.unsigned(event)
        return self.provider.sign(replace(delivery, received_at=at or delivery.received_at), self.secrets)

    @property
    def in_path(self):
        """Whether the proof stands in the address."""
        return self.signed().url != self.unsigned().url

    @property
    def holds_body(self):
        return self.provider.holds_body and not self.in_path

    @property
    def holds_time(self):
        return self.provider.window is not None and not self.in_path

    @property
    def proof(self):
        """The headers in which the proof stands, by comparing a signed request with one that is not."""
        unsigned = self.unsigned()
        signed = self.provider.sign(unsigned, self.secrets)
        return [name for name, text in signed.headers.items() if unsigned.headers.get(name) != text]


CASES = [
    Case(provider, secrets(way))
    for provider in providers.load().values()
    for way in WAYS.get(provider.name, [f"{provider.name}-{ANY}"])
]


def case_id(case):
    kind = case.secrets[0].partition(":")[0] if ":" in case.secrets[0] else case.secrets[0].partition("_")[0]
    return f"{case.name}-{kind}" if len(WAYS.get(case.name, [])) > 1 and len(kind) < 10 else case.name


def those(claim):
    """The cases for which this is true, as a parameter of a test."""
    return pytest.mark.parametrize("case", [case for case in CASES if claim(case)], ids=case_id)


@pytest.fixture(autouse=True)
def nobody_was_turned_away_before(monkeypatch):
    """So that each refusal is looked into, however many tests there are in a second."""
    monkeypatch.setattr(receiver, "glances", Glances())


@pytest.fixture(params=CASES, ids=case_id)
def case(request):
    """Each way of each provider in turn."""
    return request.param


def with_secrets(environ):
    """The settings, with a secret for every provider."""
    held = {name: ",".join(WAYS.get(name, [f"{name}-{ANY}"])) for name in providers.load()}
    return environ | {f"{name.upper()}_WEBHOOK_SECRET": text for name, text in held.items()}


def open_app(environ, redis):
    """An app with the providers' addresses."""
    from app import create_app

    app = create_app(config.load(environ), redis)
    if "webhooks" not in app.blueprints:
        app.register_blueprint(provider_views.bp)
    return app


def served():
    """The same for gunicorn, from its own environment."""
    return open_app(os.environ, None)


@pytest.fixture
def environ(environ):
    return with_secrets(environ)


@pytest.fixture(scope="session")
def house(store):
    """One app for all of this room's tests: it keeps nothing but what is in the store."""
    given = with_secrets(read_env(HERE.parent / ".env.demo"))
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
    given = with_secrets(read_env(HERE.parent / ".env.demo"))
    given |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": f"http://127.0.0.1:{server.server_port}"}
    app = open_app(given, redis_client.Redis(port=store.port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield FrontDoor(given, config.load(given))
    server.shutdown()
    thread.join()
    server.server_close()
