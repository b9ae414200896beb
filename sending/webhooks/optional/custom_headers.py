"""Which headers an endpoint may add to our requests: any but ours, the connection's, and those of a signature."""

import re
from collections.abc import Mapping

MAX_HEADERS = 10
HEADER_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")
HEADER_VALUE_PATTERN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1000}[\x21-\x7e])?")
# Nobody chooses these: they frame the message, name its sender, or are what our signature is read from.
FORBIDDEN_HEADER_PATTERN = re.compile(
    r"(?i)webhook-.*|x-hub-signature.*|proxy-.*|sec-.*|x-forwarded-.*|forwarded|via|host|content-.*|transfer-encoding"
    r"|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|cookie|set-cookie|user-agent|authorization|date"
    r"|origin|referer"
)


class ValidationError(ValueError):
    """A wish that we don't fulfil; the sentence says why."""


def check_headers(headers: Mapping[str, str], authorization: str) -> None:
    """Unacceptable, unless all of these can be sent as they are and are nobody else's."""
    reject_if(len(headers) > MAX_HEADERS, f"At most {MAX_HEADERS} headers.")
    for name in headers:
        reject_if(
            not HEADER_NAME_PATTERN.fullmatch(name) or bool(FORBIDDEN_HEADER_PATTERN.fullmatch(name)),
            f"The header {name!r} is not yours to set.",
        )
    values = [*headers.values(), *([authorization] if authorization else [])]
    reject_if(
        not all(HEADER_VALUE_PATTERN.fullmatch(value) for value in values), "Header values are plain ASCII in one line."
    )


def reject_if(wrong: bool, sentence: str) -> None:
    """Unacceptable, with this sentence, if that is wrong."""
    if wrong:
        raise ValidationError(sentence)
