"""SIDs, Twilio's identifiers: two letters for the resource type, followed by 32 hexadecimal digits.

https://www.twilio.com/docs/glossary/what-is-a-sid (2026-11)"""

from __future__ import annotations

import re
import uuid

SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


def new_sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex
