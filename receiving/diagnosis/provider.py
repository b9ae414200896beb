"""Explains why a provider's request was rejected, for our log and the presenter. The sender never sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis import diagnosis_limits
from receiving.diagnosis.body_mistakes import other_bodies
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from receiving.diagnosis.secret_mistakes import other_secrets
from receiving.providers.base import Provider
from receiving.rejection_reasons import CredentialsRequired, MissingSignature, RejectedRequest


def explain(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets], rejection: RejectedRequest
) -> Mistake:
    """Return the common mistake that makes this delivery invalid. `all_secrets` is keyed by provider name."""
    if len(delivery.body) > diagnosis_limits.MAX_BODY_BYTES:
        return diagnosis_limits.TOO_LARGE
    for mistake, candidate, secrets in _candidates(provider, delivery, all_secrets):
        if _is_valid(provider, candidate, secrets):
            return mistake
    if isinstance(rejection, MissingSignature):
        explanation = f"no {rejection.header}: not from {provider.title}, or a proxy removed it"
        fix = f"If it was from {provider.title}: configure the proxy to forward that header."
        return Mistake("no signature", explanation, fix)
    if isinstance(rejection, CredentialsRequired) and "authorization" not in delivery.headers:
        explanation = "no Authorization: some senders add it only after a 401, or a proxy removed it"
        return Mistake("no credentials", explanation, "If no second request followed, have the proxy forward it.")
    explanation = f"no common mistake explains it: an unknown secret, or a forgery ({str(rejection).rstrip('.')})"
    fix = f"If it was from {provider.title}: compare the secret there with {provider.setting_name}."
    return Mistake(UNKNOWN, explanation, fix)


def _is_valid(provider: Provider, delivery: Delivery, secrets: Secrets) -> bool:
    try:
        provider.verify(delivery, secrets)
    except (RejectedRequest, ValueError, LookupError):  # another provider's secrets may have another format
        return False
    return True


def _candidates(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Delivery, Secrets]]:
    """Yield each common mistake with the delivery and the secrets that would be valid without it."""
    secrets = all_secrets[provider.name]
    signed_at = provider.signed_at(delivery)
    if signed_at is not None:
        yield _stale_clock(delivery.received_at - signed_at), replace(delivery, received_at=signed_at), secrets
    yield from provider.mistakes(delivery, secrets)
    for mistake, other in other_secrets(secrets, provider.setting_name, provider.name, all_secrets):
        yield mistake, delivery, other
    if provider.signs_body:
        for mistake, body in other_bodies(delivery.body):
            yield mistake, replace(delivery, body=body), secrets


def _stale_clock(age_seconds: float) -> Mistake:
    difference = f"{abs(age_seconds):.0f} s {'before' if age_seconds > 0 else 'after'}"
    explanation = f"the signature is valid but was made {difference} the request arrived: a replay, or a wrong clock"
    return Mistake("stale clock", explanation, "Compare this machine's clock with the sender's (timedatectl; NTP).")
