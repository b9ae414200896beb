"""How signatures are compared: as bytes, in constant time, with every secret that counts now."""

import hmac
import re
from collections.abc import Iterable, Iterator

from receiving.delivery import Delivery
from receiving.errors import InvalidSignature, MissingSignature, TimestampOutOfTolerance, canonical_header_name

TIMESTAMP_PATTERN = re.compile(
    r"[0-9]{1,12}"
)  # ASCII only: int() would also take other scripts' digits, "_" and white space


def constant_time_equal(given: str, ours: str | bytes) -> bool:
    """Whether these are equal; how long it takes tells nothing about ours."""
    expected = ours.encode() if isinstance(ours, str) else ours
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected)


def matches_any(given: str, ours: Iterable[str | bytes]) -> bool:
    """Whether it equals one of ours. All are looked at, so the time does not tell which."""
    return bool(sum([constant_time_equal(given, one) for one in ours]))


def verify_header(delivery: Delivery, header: str, ours: Iterable[str]) -> None:
    """Raise InvalidSignature unless this header holds one of our signatures."""
    given = delivery.headers.get(header, "")
    if not given:
        raise MissingSignature(header)
    if not matches_any(given, ours):
        raise InvalidSignature(f"{canonical_header_name(header)} is not valid for this request.")


def parse_signature_header(header: str) -> tuple[str, list[str]]:
    """The `t` and every `v1` of `t=…,v1=…,v1=…`. ("", []) for nonsense, and for two times: only one can be signed."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not TIMESTAMP_PATTERN.fullmatch(times[0]):
        return "", []
    return times[0], [value for name, _, value in pairs if name == "v1"]


def parse_timestamp(text: str) -> float | None:
    """Seconds since 1970 as a sender writes them; None for anything else."""
    return float(text) if TIMESTAMP_PATTERN.fullmatch(text) else None


def check_timestamp(delivery: Delivery, signed_at: float | None, window: float) -> None:
    """Raise TimestampOutOfTolerance when it was signed more than `window` seconds before or after it came.

    Asked after the signature, so that only its owner learns how our clocks differ.
    """
    if signed_at is None or abs(delivery.received_at - signed_at) > window:
        raise TimestampOutOfTolerance(f"The signature's time is more than {window / 60:.0f} minutes away from ours.")


def secrets_with_prefix(secrets: Iterable[str], mark: str) -> Iterator[str]:
    """The secrets that begin with this mark (`path:`, `basic:`, …), without it."""
    return (secret[len(mark) :] for secret in secrets if secret.startswith(mark))
