"""Providers: each module in this package defines one, whose webhooks are accepted at /webhooks/<module name>.

A provider module contains one subclass of `Provider`. The module's docstring starts with the provider's name, a colon
and a link to the documentation of its signatures. Modules are discovered automatically, and the shared tests in
tests/receiving/providers cover them without registration.
"""

import hashlib
import hmac
import importlib
import pkgutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import ModuleType

from config import ConfigError, Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.errors import InvalidSignature, MissingSignature, canonical_header_name
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent
from receiving.signatures import check_timestamp, matches_any, parse_signature_header, parse_timestamp

Mistakes = Iterable[tuple[Mistake, Delivery, Secrets]]
"""Common mistakes, each with a delivery and secrets; if `verify` accepts those, the mistake explains the rejection."""

MIN_SECRET_CHARS = 8  # a shorter one can be found by trying

OK = StoredResponse("", "text/plain; charset=utf-8", 200)
NO_CONTENT = StoredResponse("", "text/plain; charset=utf-8", 204)


def bad_request(message: str) -> StoredResponse:
    """Return a 400 for a malformed handshake."""
    return StoredResponse(f"{message}\n", "text/plain; charset=utf-8", 400)


class Provider(ABC):
    """A sender of webhooks. Subclasses must define the attributes without a value and the abstract methods."""

    title: str
    """The display name."""
    setting_description: str
    """What <NAME>_WEBHOOK_SECRET contains: a row of the settings table in README.md."""
    max_bytes_by_type: Mapping[str, int]
    """Content type -> maximum body size in bytes. Other content types are rejected with 415."""
    claim_ttl_seconds: int
    """How long an event's id is remembered: longer than the provider keeps redelivering it."""
    samples: Mapping[str, object]
    """Event name -> the fields of a realistic event. The first event is the default for `make send`."""

    response = NO_CONTENT
    """The response to a verified delivery."""
    tolerance_seconds: float | None = None
    """How far the signature's timestamp may differ from our clock; None if the signature has no timestamp."""
    allows_secret_path = False
    """Whether a secret may follow the provider's name in the path."""
    signs_body = True
    """Whether the signature or other proof covers the body."""

    @abstractmethod
    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Raise RejectedRequest unless a secret proves this delivery genuine. Runs before the body is parsed."""

    @abstractmethod
    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Return the delivery as the provider sends it, signed with the first usable secret at `received_at`.

        Raises ValueError if the secrets contain only public keys.
        """

    @abstractmethod
    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return the events in a verified delivery. Raises ValueError if the body cannot be parsed."""

    @abstractmethod
    def summarize(self, event: ProviderEvent) -> str:
        """Return a one-line human-readable summary, without complete email addresses."""

    @abstractmethod
    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an unsigned delivery of this sample to `url`, with fresh ids."""

    def handshake(self, delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
        """Return the response to a GET, HEAD or unsigned POST that checks the URL; None if `verify` must decide."""
        return None

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the signature's Unix timestamp in seconds, or None if there is none."""
        return None

    def check(self, secrets: Secrets) -> None:
        """Raise ValueError("must …") if these secrets cannot be used."""
        return None

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Return this provider's own common mistakes, to explain why `verify` rejected the delivery."""
        return ()

    @property
    def name(self) -> str:
        """The module's name, which is also the last part of the URL's path."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def setting_name(self) -> str:
        """The environment variable that contains the secrets."""
        return f"{self.name.upper()}_WEBHOOK_SECRET"

    @property
    def has_handshake(self) -> bool:
        """Whether the provider sends GET or HEAD requests to check the URL."""
        return type(self).handshake is not Provider.handshake

    def check_setting(self, secrets: Secrets) -> None:
        """Raise ConfigError, with the setting's name, if these secrets cannot be used."""
        try:
            self.check(secrets)
            if any(len(secret) < MIN_SECRET_CHARS for secret in secrets):
                raise ValueError(f"must have at least {MIN_SECRET_CHARS} characters: copy it from {self.title}")
        except ValueError as error:
            raise ConfigError(f"{self.setting_name} {error}. See the settings table in README.md.") from error

    def make_signed_sample(self, event_name: str, secrets: Secrets, origin: str) -> Delivery:
        """Return a signed sample for the app at `origin`; an empty `event_name` means the first sample."""
        unsigned = self.sample(event_name or next(iter(self.samples)), f"{origin}/webhooks/{self.name}")
        return self.sign(replace(unsigned, received_at=time.time()), secrets)


class TimestampedHMAC(Provider):
    """A provider whose signature header is `t=<Unix seconds>,v1=<hex>`, an HMAC-SHA256 of `<t>.<raw body>`."""

    signature_header: str
    tolerance_seconds: float = 300

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require a valid `v1`. Other schemes are ignored: Stripe's `v0` is a decoy on test events."""
        header = delivery.headers.get(self.signature_header, "")
        if not header:
            raise MissingSignature(self.signature_header)
        timestamp, given = parse_signature_header(header)
        expected = [_timestamped_hmac(secret, timestamp, delivery.body) for secret in secrets]
        if not any(matches_any(one, expected) for one in given):
            raise InvalidSignature(f"{canonical_header_name(self.signature_header)} is not valid for this request.")
        check_timestamp(delivery, parse_timestamp(timestamp), self.tolerance_seconds)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        timestamp = str(int(delivery.received_at))
        signature = _timestamped_hmac(secrets[0], timestamp, delivery.body)
        return delivery.with_headers(**{self.signature_header: f"t={timestamp},v1={signature}"})

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the header's `t`."""
        return parse_timestamp(parse_signature_header(delivery.headers.get(self.signature_header, ""))[0])


def _timestamped_hmac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@cache
def load() -> Mapping[str, Provider]:
    """Return all providers by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: _load_provider(importlib.import_module(f"{__name__}.{name}")) for name in names}


def check_settings(secrets_by_name: Mapping[str, Secrets]) -> None:
    """Raise ConfigError if the secrets of a known provider cannot be used."""
    for name in load().keys() & secrets_by_name.keys():
        load()[name].check_setting(secrets_by_name[name])


def setting_rows() -> Iterator[tuple[str, str]]:
    """Return the providers' rows in the settings table: the variable's name and its description."""
    return ((provider.setting_name, provider.setting_description) for provider in load().values())


def _load_provider(module: ModuleType) -> Provider:
    """Return the Provider that this module defines. Raises TypeError if it is incomplete."""
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Provider)]
    (provider,) = [one for one in found if one.__module__ == module.__name__]
    missing = [name for name in Provider.__annotations__ if not hasattr(provider, name)]
    if missing:
        raise TypeError(f"{module.__name__} lacks {', '.join(missing)}; receiving/providers/__init__.py explains them")
    return provider()
