"""Why did this fail: for our log and the presenter, never for the sender, the mistake that explains a refusal."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake, other_bodies
from receiving.diagnosis.wrong_secrets import other_secrets
from receiving.errors import CredentialsRequired, MissingSignature, RejectedRequest
from receiving.providers import Provider

MAX_DIAGNOSED_BODY_BYTES = 64 * 1024  # bytes; a stranger's large body is not worth a hundred more signatures
TOO_MANY = Mistake(UNKNOWN, "too many are turned away at once, so this one was not looked into")
TOO_LARGE = Mistake(UNKNOWN, "its body is too large to look into", "Send a smaller one of the same kind to find out.")


class TokenBucket:
    """How many refusals this process may look into: strangers could keep it busy with nothing else."""

    def __init__(self, capacity: int = 100, tokens_per_second: float = 10) -> None:
        self.capacity, self.tokens_per_second = capacity, tokens_per_second
        self.tokens, self.updated_at = float(capacity), time.monotonic()

    def acquire(self) -> bool:
        """Whether one more may be looked into now."""
        now = time.monotonic()
        self.tokens = min(self.capacity, self.tokens + (now - self.updated_at) * self.tokens_per_second)
        self.updated_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def explain(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets], refusal: RejectedRequest
) -> Mistake:
    """Which usual mistake would have made this delivery good; `all_secrets` are every provider's."""
    if len(delivery.body) > MAX_DIAGNOSED_BODY_BYTES:
        return TOO_LARGE
    for mistake, tried, what_if in _usual_mistakes(provider, delivery, all_secrets):
        if _is_valid(provider, tried, what_if):
            return mistake
    if isinstance(refusal, MissingSignature):
        words = f"no {refusal.header}: not from {provider.title}, or a proxy removed it"
        return Mistake("no signature", words, f"If it was {provider.title}: let the proxy pass that header on.")
    if isinstance(refusal, CredentialsRequired) and "authorization" not in delivery.headers:
        words = "no Authorization: some senders wait for our 401 and come again with it, or a proxy removed it"
        return Mistake("no credentials", words, "If none came after this one: let the proxy pass that header on.")
    words = f"no usual mistake fits: a secret that we do not hold, or a forgery ({str(refusal).rstrip('.')})"
    return Mistake(
        UNKNOWN, words, f"If it was {provider.title}: compare the secret there with {provider.setting_name}."
    )


def _is_valid(provider: Provider, delivery: Delivery, secrets: Secrets) -> bool:
    try:
        provider.verify(delivery, secrets)
    except (RejectedRequest, ValueError, LookupError):  # other providers' secrets need not be readable to this one
        return False
    return True


def _usual_mistakes(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Delivery, Secrets]]:
    secrets = all_secrets[provider.name]
    signed_at = provider.signed_at(delivery)
    if signed_at is not None:
        late = delivery.received_at - signed_at
        yield _stale_clock(late), replace(delivery, received_at=signed_at), secrets
    yield from provider.mistakes(delivery, secrets)
    for mistake, theirs in other_secrets(secrets, provider.setting_name, provider.name, all_secrets):
        yield mistake, delivery, theirs
    if not provider.signs_body:
        return
    for mistake, body in other_bodies(delivery.body):
        yield mistake, replace(delivery, body=body), secrets


def _stale_clock(late: float) -> Mistake:
    when = f"{late:.0f} s before" if late > 0 else f"{-late:.0f} s after"
    words = f"it is genuine, but was signed {when} it came: a replay, a late copy, or a clock that is wrong"
    return Mistake("stale clock", words, "Compare this machine's clock with the sender's (timedatectl; NTP).")
