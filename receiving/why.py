"""Why did this fail: for our log and the presenter, never for the sender, the mistake that explains a refusal."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from config import Secret, Secrets
from receiving.delivery import Delivery
from receiving.mistakes import other_bodies
from receiving.providers import Provider
from receiving.refusals import MissingSignature, Refused, WantsCredentials

LOOKED_INTO = 64 * 1024  # bytes; a stranger's large body is not worth a dozen more signatures


def explain(provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets], refusal: Refused) -> str:
    """Which usual mistake would have made this delivery good; `all_secrets` are every provider's."""
    if len(delivery.body) > LOOKED_INTO:
        return f"{refusal} It is too large to look into."
    for mistake, tried, what_if in _usual_mistakes(provider, delivery, all_secrets):
        if _good(provider, tried, what_if):
            return mistake
    if isinstance(refusal, MissingSignature):
        return f"no {refusal.header}: not from {provider.title}, or a proxy removed it"
    if isinstance(refusal, WantsCredentials) and "authorization" not in delivery.headers:
        return "no Authorization: some senders wait for our 401 and come again with it, or a proxy removed it"
    return f"no usual mistake fits: a secret that we do not hold, or a forgery. {refusal}"


def _good(provider: Provider, delivery: Delivery, secrets: Secrets) -> bool:
    try:
        provider.verify(delivery, secrets)
    except (Refused, ValueError, LookupError):  # other providers' secrets need not be readable to this one
        return False
    return True


def _usual_mistakes(
    provider: Provider, delivery: Delivery, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[str, Delivery, Secrets]]:
    secrets = all_secrets[provider.name]
    signed_at = provider.signed_at(delivery)
    if signed_at is not None:
        late = delivery.received_at - signed_at
        yield _about_time(late), replace(delivery, received_at=signed_at), secrets
    yield from provider.mistakes(delivery, secrets)
    for words, theirs in _other_secrets(provider.name, all_secrets):
        yield words, delivery, theirs
    if not provider.holds_body:
        return
    for words, body in other_bodies(delivery):
        yield words, replace(delivery, body=body), secrets


def _about_time(late: float) -> str:
    when = f"{late:.0f} s before" if late > 0 else f"{-late:.0f} s after"
    return f"it is genuine, but was signed {when} it came: a replay, a late copy, or a clock that is wrong"


def _other_secrets(name: str, all_secrets: Mapping[str, Secrets]) -> Iterator[tuple[str, Secrets]]:
    for other, theirs in all_secrets.items():
        if other != name:
            yield f"it was signed with the secret of {other}", theirs
    ours = all_secrets[name]
    for words, change in (
        ("our setting has quotation marks around the secret", lambda text: text.strip("\"'")),
        ("the sender's secret ends with a line break, ours does not", lambda text: text + "\n"),
        ("the sender's secret lacks its prefix, ours has it", lambda text: text.partition("_")[2] or text),
    ):
        yield words, tuple(Secret(change(secret)) for secret in ours)
