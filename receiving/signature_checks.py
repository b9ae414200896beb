"""Helpers for verifying any sender's signatures: constant-time comparison, signature headers, timestamps."""

import hmac
import re
from collections.abc import Iterable, Iterator

from receiving.delivery import Delivery
from receiving.rejection_reasons import (
    InvalidSignature,
    MissingSignature,
    TimestampOutOfTolerance,
    canonical_header_name,
)

TIMESTAMP_PATTERN = re.compile(r"[0-9]{1,12}")  # int() also accepts digits from other scripts, "_" and white space


def constant_time_equal(given: str, expected: str | bytes) -> bool:
    """Return whether an untrusted value equals ours, in a time that depends on neither value."""
    expected = expected.encode() if isinstance(expected, str) else expected
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected)


def matches_any(given: str, expected: Iterable[str | bytes]) -> bool:
    """Return whether an untrusted value equals one of ours, in a time that does not depend on which one."""
    return bool(sum([constant_time_equal(given, value) for value in expected]))


def verify_header(delivery: Delivery, header: str, expected: Iterable[str]) -> None:
    """Raise MissingSignature or InvalidSignature unless this header is one of the expected signatures."""
    given = delivery.headers.get(header, "")
    if not given:
        raise MissingSignature(header)
    if not matches_any(given, expected):
        raise InvalidSignature(f"{canonical_header_name(header)} is not valid for this request.")


def parse_signature_header(header: str) -> tuple[str, list[str]]:
    """Return the `t` and all `v1` in a header `t=…,v1=…,v1=…`; ("", []) if it does not have exactly one valid `t`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not TIMESTAMP_PATTERN.fullmatch(times[0]):
        return "", []
    return times[0], [value for name, _, value in pairs if name == "v1"]


def parse_timestamp(text: str) -> float | None:
    """Return a sender's Unix timestamp; None if it is not a whole number of seconds."""
    return float(text) if TIMESTAMP_PATTERN.fullmatch(text) else None


def check_timestamp(delivery: Delivery, signed_at: float | None, tolerance_seconds: float) -> None:
    """Raise TimestampOutOfTolerance if the delivery was signed too long before or after it was received.

    Call it after verifying the signature: only a holder of the secret may learn the clock skew.
    """
    if signed_at is None or abs(delivery.received_at - signed_at) > tolerance_seconds:
        minutes = f"{tolerance_seconds / 60:.0f} minutes"
        raise TimestampOutOfTolerance(f"The signature's timestamp differs from our clock by more than {minutes}.")


def secrets_with_prefix(secrets: Iterable[str], prefix: str) -> Iterator[str]:
    """Yield the secrets with this prefix (`path:`, `basic:`, …), with the prefix removed."""
    return (secret[len(prefix) :] for secret in secrets if secret.startswith(prefix))
