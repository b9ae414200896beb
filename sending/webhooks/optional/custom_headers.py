"""Which headers an endpoint may add to our requests: any but ours, the connection's, and those of a signature."""

import re
from collections.abc import Mapping

HEADERS_MOST = 10
HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")
HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1000}[\x21-\x7e])?")
# Nobody chooses these: they frame the message, name its sender, or are what our signature is read from.
FORBIDDEN = re.compile(
    r"(?i)webhook-.*|x-hub-signature.*|proxy-.*|sec-.*|x-forwarded-.*|forwarded|via|host|content-.*|transfer-encoding"
    r"|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|cookie|set-cookie|user-agent|authorization|date"
    r"|origin|referer"
)


class Unacceptable(ValueError):
    """A wish that we don't fulfil; the sentence says why."""


def check_headers(headers: Mapping[str, str], authorization: str) -> None:
    """Unacceptable, unless all of these can be sent as they are and are nobody else's."""
    refuse(len(headers) > HEADERS_MOST, f"At most {HEADERS_MOST} headers.")
    for name in headers:
        refuse(
            not HEADER_NAME.fullmatch(name) or bool(FORBIDDEN.fullmatch(name)),
            f"The header {name!r} is not yours to set.",
        )
    values = [*headers.values(), *([authorization] if authorization else [])]
    refuse(not all(HEADER_VALUE.fullmatch(value) for value in values), "Header values are plain ASCII in one line.")


def refuse(wrong: bool, sentence: str) -> None:
    """Unacceptable, with this sentence, if that is wrong."""
    if wrong:
        raise Unacceptable(sentence)
