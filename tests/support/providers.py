"""Every provider in receiving/providers/, its secrets, and requests as it sends them."""

import base64
import os
from dataclasses import dataclass, replace

import pytest

import config
import events
from receiving import provider_routes, providers
from receiving.delivery import Delivery
from receiving.providers.base import Provider
from tests.support.person import PUBLIC_URL

# Secrets for tests. A provider that is not in WAYS gets one derived from ANY; if that is invalid, add it to WAYS.


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


def signed(name, delivery):
    """The delivery, signed with the first of the provider's secrets."""
    return providers.load()[name].sign(delivery, secrets(WAYS.get(name, [f"{name}-"])[0]))


HELD = {name: secrets(",".join(WAYS.get(name, [f"{name}-{ANY}"]))) for name in providers.load()}


@dataclass(frozen=True)
class Case:
    """One authentication method of one provider."""

    provider: Provider
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
        """Whether the secret is in the path."""
        return self.signed().url != self.unsigned().url

    @property
    def signs_body(self):
        return self.provider.signs_body and not self.in_path

    @property
    def holds_time(self):
        return self.provider.tolerance_seconds is not None and not self.in_path

    @property
    def proof(self):
        """Names of the headers that authenticate a request: those that differ from an unsigned one."""
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
    """Parametrizes a test with the cases for which `claim` is true."""
    return pytest.mark.parametrize("case", [case for case in CASES if claim(case)], ids=case_id)


def with_secrets(environ):
    """The settings, with a secret for every provider."""
    held = {name: ",".join(WAYS.get(name, [f"{name}-{ANY}"])) for name in providers.load()}
    return environ | {f"{name.upper()}_WEBHOOK_SECRET": text for name, text in held.items()}


def open_app(environ, redis):
    """The app with these settings."""
    from app import create_app

    app = create_app(config.load(environ), redis)
    if "webhooks" not in app.blueprints:
        app.register_blueprint(provider_routes.bp)
    return app


def served():
    """The app with settings from the environment, for gunicorn."""
    return open_app(os.environ, None)


def heard(redis):
    return [event.data for event in events.read_latest(redis, 5000) if event.type == "webhook.received"]
