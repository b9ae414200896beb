"""SIDs, Twilio's identifiers: two letters for the resource type, followed by 32 hexadecimal digits.

https://www.twilio.com/docs/glossary/what-is-a-sid (2026-11)"""

from __future__ import annotations

import os
import re

SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


def new_sid(prefix: str) -> str:
    return prefix + os.urandom(16).hex()


def new_uuid() -> str:
    """A random UUID (RFC 9562, version 4) as text. uuid.uuid4() takes several times as long."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
