"""SIP addresses: sip:user@host, and the headers that a SIP URI can carry.

https://www.twilio.com/docs/voice/twiml/sip (2026-11)"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl

SIP = re.compile(r"sips?:[A-Za-z0-9_.+%~!*'()-]{1,100}@[A-Za-z0-9][A-Za-z0-9.-]{0,120}(?::[0-9]{1,5})?")
MAX_URI_CHARACTERS = 255  # without its headers
MAX_HEADER_CHARACTERS = 1024  # of all headers of one URI
# The headers that may be sent without an X- prefix.
STANDARD_HEADERS = frozenset({"user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id"})
CALLER_ID = re.compile(r"[A-Za-z0-9_.+-]{1,100}")  # the user in the From header


@dataclass(frozen=True)
class SipUri:
    """`address` is the URI without parameters (;transport=tcp) or headers; `headers` are decoded."""

    address: str
    headers: dict[str, str]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].partition(":")[0]


def parse_sip_uri(text: str) -> SipUri | None:
    """Returns the parsed URI, or None if it is not a SIP URI or is too long. The scheme sip: may be left out."""
    uri, _, query = text.strip().partition("?")
    if not uri.lower().startswith(("sip:", "sips:")):
        uri = f"sip:{uri}"
    user, _, host = uri.partition(";")[0].rpartition("@")
    address = f"{user}@{host.lower()}"
    if len(uri) > MAX_URI_CHARACTERS or len(query) > MAX_HEADER_CHARACTERS or not is_sip(address):
        return None
    return SipUri(address, dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_HEADER_CHARACTERS)))


def is_sip(address: str) -> bool:
    return bool(SIP.fullmatch(address))


def is_custom_header(name: str) -> bool:
    return name.lower().startswith("x-") or name.lower() in STANDARD_HEADERS


def new_sip_call_id() -> str:
    return f"{uuid.uuid4().hex}@0.0.0.0"
