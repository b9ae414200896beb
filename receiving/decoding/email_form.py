"""Parses emails posted as multipart forms, each field in its own character set, as SendGrid's Inbound Parse does.

https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
"""

import base64
from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from receiving.decoding.charsets import decode_text, is_utf8
from receiving.provider_event import parse_json

MAX_PARTS = 1_000
CHARSETS_FIELD = "charsets"  # JSON: field -> character set
ORIGINAL_FIELD = "original"  # what we add: field -> its bytes in Base64, if they were not UTF-8


def parse_email_form(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the fields as text, and the original bytes of those that were not UTF-8. Attachments are left out.

    Raises ValueError if the body is no multipart form that starts with its boundary: the header is not signed.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "").encode()
    if not boundary or body.lstrip(b"\r\n").partition(b"\r\n")[0] != b"--" + boundary:
        raise ValueError("the body does not start with its boundary")
    raw = _read_fields(boundary, body)
    charsets = _read_charsets(raw.get(CHARSETS_FIELD, b""))
    fields: dict[str, Any] = {name: decode_text(value, charsets.get(name, "")) for name, value in raw.items()}
    original = {name: base64.b64encode(value).decode() for name, value in raw.items() if not is_utf8(value)}
    return fields | ({ORIGINAL_FIELD: original} if original else {})


def _read_fields(boundary: bytes, body: bytes) -> dict[str, bytes]:
    """Return the bytes of each field that is not a file; the first one counts if a name occurs twice."""
    decoder = MultipartDecoder(boundary, max_parts=MAX_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    fields: dict[str, bytearray] = {}
    current = bytearray()
    try:
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                current = bytearray()
            if isinstance(event, Field):
                fields.setdefault(event.name, current)
            elif isinstance(event, Data):
                current += event.data
    except RequestEntityTooLarge as error:
        raise ValueError(f"the form has more than {MAX_PARTS} parts") from error
    return {name: bytes(value) for name, value in fields.items()}


def _read_charsets(text: bytes) -> Mapping[str, str]:
    try:
        charsets = parse_json(text)
    except ValueError:
        return {}
    return {str(name): str(charset) for name, charset in charsets.items()} if isinstance(charsets, dict) else {}
