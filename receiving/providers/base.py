"""The base class of all providers: what a provider must define, and the defaults for the rest."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace

from config import ConfigError, Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent
from receiving.idempotency import StoredResponse

Mistakes = Iterable[tuple[Mistake, Delivery, Secrets]]
"""Common mistakes, each with a delivery and secrets: the mistake explains the rejection if `verify` accepts both."""

MIN_SECRET_CHARS = 8  # a shorter one could be found by brute force

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
        """Return the delivery as the provider would send it, signed with the first usable secret at `received_at`.

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
