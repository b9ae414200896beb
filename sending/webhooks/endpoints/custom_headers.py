"""The headers that an endpoint's owner may add to each request: their number, names and values."""

import re
from collections.abc import Mapping

from sending.json_validation import reject_if

MAX_HEADERS = 10  # custom headers per endpoint
HEADER_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")
HEADER_VALUE_PATTERN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1000}[\x21-\x7e])?")
# These frame the message, identify its sender, or carry our signature.
FORBIDDEN_HEADER_PATTERN = re.compile(
    r"(?i)webhook-.*|x-hub-signature.*|proxy-.*|sec-.*|x-forwarded-.*|forwarded|via|host|content-.*|transfer-encoding"
    r"|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|cookie|set-cookie|user-agent|authorization|date"
    r"|origin|referer"
)


def check_headers(headers: Mapping[str, str], authorization: str) -> None:
    """Raise ValidationError unless an endpoint may add these headers and this Authorization value (or "")."""
    reject_if(len(headers) > MAX_HEADERS, f"At most {MAX_HEADERS} headers are allowed.")
    for name in headers:
        is_invalid = not HEADER_NAME_PATTERN.fullmatch(name) or bool(FORBIDDEN_HEADER_PATTERN.fullmatch(name))
        reject_if(is_invalid, f"The header {name!r} cannot be set.")
    values = [*headers.values(), *([authorization] if authorization else [])]
    is_valid = all(HEADER_VALUE_PATTERN.fullmatch(value) for value in values)
    reject_if(not is_valid, "A header value must be one line of printable ASCII.")
