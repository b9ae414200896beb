"""Parses untrusted bodies: JSON, URL-encoded forms, emails posted as multipart forms, and text in any character set."""

import base64
import binascii
import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

MAX_FORM_FIELDS = 128 * 1024  # as many as fit into the largest body that Twilio may send
MALFORMED_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
UNSAFE_CODECS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined")  # slow, or not a charset
MAX_EMAIL_PARTS = 1_000
CHARSETS_FIELD = "charsets"  # JSON: field -> character set
ORIGINAL_FIELD = "original"  # what we add: field -> its bytes in Base64, if they were not UTF-8


def parse_json(body: bytes | str) -> Any:
    """Parse JSON. Raises ValueError if it is invalid or nested too deeply."""
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("this JSON is nested too deeply") from error


def parse_form(text: str) -> list[tuple[str, str]]:
    """Return all fields in order, even repeated and empty ones; [] if there are too many or an escape is malformed.

    Takes linear time and little memory: https://url.spec.whatwg.org/#urlencoded-parsing.
    """
    if text.count("&") >= MAX_FORM_FIELDS or MALFORMED_ESCAPE.search(text):
        return []
    fields = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            fields.append((_decode_percent(name), _decode_percent(value)))
    return fields


def _decode_percent(text: str) -> str:
    """Decode percent escapes. urllib.parse.unquote would build a list of them and take ten times as long."""
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    # Quoted-printable differs only in its escape character, and its decoder is written in C.
    quoted = text.replace("=", "%3D").replace("%", "=").encode("utf-8", "replace")
    return binascii.a2b_qp(quoted).decode("utf-8", "replace")


def decode_text(value: bytes, charset: str) -> str:
    """Return the text. Bytes that the character set does not define become U+FFFD; an unknown set is read as UTF-8."""
    try:
        codec = codecs.lookup(charset.strip() or "utf-8").name
        return value.decode("utf-8" if codec in UNSAFE_CODECS else codec, "replace")
    except (LookupError, ValueError):  # unknown, or not a character set
        return value.decode("utf-8", "replace")


def parse_email_form(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the fields as text, and the original bytes of those that were not UTF-8. Attachments are left out.

    https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook

    Raises ValueError unless the body is a multipart form that starts with the boundary in the (unsigned) header.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "").encode()
    if not boundary or body.lstrip(b"\r\n").partition(b"\r\n")[0] != b"--" + boundary:
        raise ValueError("the body does not start with its boundary")
    raw = _read_fields(boundary, body)
    charsets = _read_charsets(raw.get(CHARSETS_FIELD, b""))
    fields: dict[str, Any] = {name: decode_text(value, charsets.get(name, "")) for name, value in raw.items()}
    original = {name: base64.b64encode(value).decode() for name, value in raw.items() if not _is_utf8(value)}
    return fields | ({ORIGINAL_FIELD: original} if original else {})


def _read_fields(boundary: bytes, body: bytes) -> dict[str, bytes]:
    """Return the bytes of each field that is not a file; if a name occurs twice, its first field counts."""
    decoder = MultipartDecoder(boundary, max_parts=MAX_EMAIL_PARTS)
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
        raise ValueError(f"the form has more than {MAX_EMAIL_PARTS} parts") from error
    return {name: bytes(value) for name, value in fields.items()}


def _read_charsets(text: bytes) -> Mapping[str, str]:
    try:
        charsets = parse_json(text)
    except ValueError:
        return {}
    return {str(name): str(charset) for name, charset in charsets.items()} if isinstance(charsets, dict) else {}


def _is_utf8(value: bytes) -> bool:
    """Return whether these bytes are UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
