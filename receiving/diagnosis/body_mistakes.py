"""Possible mistakes in the body, such as re-serialized JSON: each with the body that would be valid."""

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode

from receiving.diagnosis.mistakes import Mistake

MAX_FORM_FIELDS = 100
RAW_BODY_ADVICE = "Disable anything that rewrites requests before they reach us: the signature covers the raw bytes."
RESERIALISED_JSON = Mistake("re-serialized JSON", "a proxy parsed and re-serialized the JSON", RAW_BODY_ADVICE)
RESERIALISED_FORM = Mistake("re-serialized form", "a proxy parsed and re-serialized the form", RAW_BODY_ADVICE)
# The default output formats of common JSON libraries; the sender may have used any of them.
JSON_STYLES: tuple[dict[str, Any], ...] = (
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {},
    {"indent": 2, "ensure_ascii": False},
    {"indent": 4, "ensure_ascii": False},
)


def other_bodies(body: bytes) -> Iterator[tuple[Mistake, bytes]]:
    """Yield possible mistakes that affect the body, each with the body that would have been signed."""
    lf = body.replace(b"\r\n", b"\n")
    others = [
        ("line break", "the final line break was removed from the body", body + b"\n"),
        ("line break", "the final line break was removed from the body", body + b"\r\n"),
        ("line break", "a line break was added to the end of the body", body.removesuffix(b"\n")),
        ("line break", "a line break was added to the end of the body", body.removesuffix(b"\r\n")),
        ("line break", "the line breaks in the body were changed from CRLF to LF", lf.replace(b"\n", b"\r\n")),
        ("line break", "the line breaks in the body were changed from LF to CRLF", lf),
        ("byte order mark", "a byte order mark was added to the body", body.removeprefix(b"\xef\xbb\xbf")),
    ]
    with suppress(UnicodeError):
        original = body.decode().encode("latin-1")
        others.append(("character set", "the body was decoded as Latin-1 and encoded as UTF-8", original))
    with suppress(binascii.Error):
        original = base64.b64decode(body, validate=True)
        others.append(("Base64", "the body was encoded in Base64, as by some gateways", original))
    yield from ((Mistake(name, explanation, RAW_BODY_ADVICE), original) for name, explanation, original in others)
    yield from _other_json(body)
    yield from _other_forms(body.decode("latin-1"))


def _other_json(body: bytes) -> Iterator[tuple[Mistake, bytes]]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    for style in JSON_STYLES:
        written = json.dumps(parsed, **style).encode("utf-8", "replace")
        yield RESERIALISED_JSON, written
        yield RESERIALISED_JSON, written + b"\r\n"  # SendGrid's JSON ends with a line break


def _other_forms(body: str) -> Iterator[tuple[Mistake, bytes]]:
    yield Mistake("decoded form", "a proxy decoded the form", RAW_BODY_ADVICE), quote_plus(body, safe="=&").encode()
    yield Mistake("encoded form", "a proxy encoded the form", RAW_BODY_ADVICE), unquote_plus(body).encode()
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return
    for quoting in (quote_plus, quote):
        yield RESERIALISED_FORM, urlencode(pairs, quote_via=quoting).encode()
