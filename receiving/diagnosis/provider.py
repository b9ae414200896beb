"""Why did this fail: for our log and the presenter, never for the sender, the mistake that explains a refusal."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake, other_bodies
from receiving.diagnosis.wrong_secrets import other_secrets
from receiving.errors import MissingSignature, Refused, WantsCredentials
from receiving.providers import Provider

LOOKED_INTO = 64 * 1024  # bytes; a stranger's large body is not worth a hundred more signatures
TOO_MANY = Mistake(UNKNOWN, "too many are turned away at once, so this one was not looked into")
TOO_LARGE = Mistake(UNKNOWN, "its body is too large to look into", "Send a smaller one of the same kind to find out.")


class Glances:
    """How many refusals this process may look into: strangers could keep it busy with nothing else."""

    def __init__(self, at_once: int = 100, a_second: float = 10) -> None:
        self.at_once, self.a_second = at_once, a_second
        self.left, self.at = float(at_once), time.monotonic()

    def take(self) -> bool:
        """Whether one more may be looked into now."""
        now = time.monotonic()
        self.left = min(self.at_once, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def explain(provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets], refusal: Refused) -> Mistake:
    """Which usual mistake would have made this delivery good; `all_secrets` are every provider's."""
    if len(delivery.body) > LOOKED_INTO:
        return TOO_LARGE
    for mistake, tried, what_if in _usual_mistakes(provider, delivery, all_secrets):
        if _good(provider, tried, what_if):
            return mistake
    if isinstance(refusal, MissingSignature):
        words = f"no {refusal.header}: not from {provider.title}, or a proxy removed it"
        return Mistake("no signature", words, f"If it was {provider.title}: let the proxy pass that header on.")
    if isinstance(refusal, WantsCredentials) and "authorization" not in delivery.headers:
        words = "no Authorization: some senders wait for our 401 and come again with it, or a proxy removed it"
        return Mistake("no credentials", words, "If none came after this one: let the proxy pass that header on.")
    words = f"no usual mistake fits: a secret that we do not hold, or a forgery ({str(refusal).rstrip('.')})"
    return Mistake(
        UNKNOWN, words, f"If it was {provider.title}: compare the secret there with {provider.setting_name}."
    )


def _good(provider: Provider, delivery: Delivery, secrets: Secrets) -> bool:
    try:
        provider.verify(delivery, secrets)
    except (Refused, ValueError, LookupError):  # other providers' secrets need not be readable to this one
        return False
    return True


def _usual_mistakes(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Delivery, Secrets]]:
    secrets = all_secrets[provider.name]
    signed_at = provider.signed_at(delivery)
    if signed_at is not None:
        late = delivery.received_at - signed_at
        yield _about_time(late), replace(delivery, received_at=signed_at), secrets
    yield from provider.mistakes(delivery, secrets)
    for mistake, theirs in other_secrets(secrets, provider.setting_name, provider.name, all_secrets):
        yield mistake, delivery, theirs
    if not provider.holds_body:
        return
    for mistake, body in other_bodies(delivery.body):
        yield mistake, replace(delivery, body=body), secrets


def _about_time(late: float) -> Mistake:
    when = f"{late:.0f} s before" if late > 0 else f"{-late:.0f} s after"
    words = f"it is genuine, but was signed {when} it came: a replay, a late copy, or a clock that is wrong"
    return Mistake("stale clock", words, "Compare this machine's clock with the sender's (timedatectl; NTP).")
