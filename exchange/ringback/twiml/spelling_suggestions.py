"""Suggests the right name for an element or attribute with wrong capitalization, underscores or hyphens.

TwiML names are case-sensitive: https://www.twilio.com/docs/voice/twiml (2026-11)"""

from __future__ import annotations


def suggestion(name: str, known: frozenset[str]) -> str:
    """Returns "; did you mean numDigits?" for num_digits, or "" if no known name is similar."""
    for other in known:
        if other.lower() == name.lower().replace("_", "").replace("-", ""):
            return f"; did you mean {other}?"
    return ""
