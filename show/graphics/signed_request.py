"""What Twilio signed and what we responded, with everything that a person sent drawn as blocks."""

import re
from dataclasses import dataclass
from functools import lru_cache

from receiving import idempotency, stored_requests
from receiving.delivery import Delivery
from receiving.twilio_signature import SETTINGS_HEADER, SIGNATURE_HEADER
from store import Store

SEARCHED_REQUESTS = 100  # of the inbox, newest first
SHOWN_SIGNATURE_CHARACTERS = 8
MAX_FIELDS = 24
PLAIN_FIELDS = frozenset(
    ("ApiVersion", "CallStatus", "Direction", "NumMedia", "NumSegments", "SmsStatus", "FromCountry", "ToCountry")
)
PLAIN_NAME = re.compile("[A-Z][A-Za-z0-9]{1,23}")  # a caller over SIP can choose other names
PLAIN_VALUE = re.compile(r"[\w .-]{1,24}")
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
TAG = re.compile(r"(<[^>]+>)")
TAG_NAME = re.compile(r"</?(\w+)[^>]*?(/?)>")
MAX_TAGS = 14


@dataclass(frozen=True)
class SignedPart:
    """A field of the request. If `is_hidden`, a block replaces the value: even its length could reveal a vote."""

    name: str
    value: str = ""
    is_hidden: bool = False


@dataclass(frozen=True)
class SignedRequest:
    """A verified request from Twilio. It contains no phone number, no secret and nobody's words."""

    url: str
    path: str
    parts: tuple[SignedPart, ...]
    signature: str
    algorithm: str


@lru_cache(64)
def load(store: Store, sid: str) -> SignedRequest:
    """Return the request that started this call or text. Raises LookupError if the inbox no longer has it."""
    for delivery in (entry.delivery for entry in reversed(stored_requests.latest(store, SEARCHED_REQUESTS))):
        if delivery.path in ("/sms", "/voice") and sid in (delivery["MessageSid"], delivery["CallSid"]):
            return describe(delivery)
    raise LookupError(sid)


def describe(delivery: Delivery) -> SignedRequest:
    """Return what may be shown of a request."""
    fields = sorted(set(delivery.form))[:MAX_FIELDS]
    settings = delivery.headers.get(SETTINGS_HEADER, "")
    return SignedRequest(
        delivery.url.partition("?")[0],
        delivery.path,
        tuple(_part(name, value) for name, value in fields),
        delivery.headers.get(SIGNATURE_HEADER, "")[:SHOWN_SIGNATURE_CHARACTERS] + "…",
        "HMAC-SHA256" if "SHA256" in settings.upper() else "HMAC-SHA1",
    )


def load_tags(store: Store, sid: str) -> list[str]:
    """Return the tags of the TwiML with which the request was answered, without attributes; "…" stands for a text."""
    key = f"sms:{sid}" if sid.startswith(("SM", "MM")) else f"call:{sid}:/voice:0"
    claimed = (store.get(f"claim:{key}") or b"").decode()
    digest = claimed.removeprefix(idempotency.DONE) if claimed.startswith(idempotency.DONE) else ""
    document = idempotency.load_response(store, digest).body if digest else ""
    pieces = [piece for piece in TAG.split(document) if piece.strip()]
    return [_without_words(piece) for piece in pieces if not piece.startswith("<?")][:MAX_TAGS]


def _without_words(piece: str) -> str:
    tag = TAG_NAME.fullmatch(piece)
    return f"<{'/' if piece[1] == '/' else ''}{tag[1]}{'/' if tag[2] else ''}>" if tag else "…"


def _part(name: str, value: str) -> SignedPart:
    if SID.fullmatch(value):
        return SignedPart(name, f"{value[:5]}…")
    if name in PLAIN_FIELDS and PLAIN_VALUE.fullmatch(value):
        return SignedPart(name, value)
    return SignedPart(name if PLAIN_NAME.fullmatch(name) else "…", "", bool(value))
