"""The usual mistakes between a sender and us: what may have been signed, when it was not what we saw."""

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode, urlsplit

from receiving.delivery import Delivery


def other_urls(delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Each usual mistake with a URL, and the URL that was signed if it was made."""
    try:
        parts = urlsplit(delivery.url)
    except ValueError:  # a Host header that is none
        return
    host = parts.hostname or ""
    rest = delivery.url.partition("://")[2].partition("/")[2]
    other = "http" if parts.scheme == "https" else "https"
    yield f"it was signed for {other}, we saw {parts.scheme}: set PUBLIC_URL", f"{other}://{parts.netloc}/{rest}"
    yield "it was signed without the port: set PUBLIC_URL", f"{parts.scheme}://{host}/{rest}"
    yield "it was signed for https and without the port: set PUBLIC_URL", f"{other}://{host}/{rest}"
    for port in (443, 80, 8000):
        yield f"it was signed with port {port}: set PUBLIC_URL", f"{parts.scheme}://{host}:{port}/{rest}"
    path, mark, query = delivery.url.partition("?")
    slashed = path[:-1] if path.endswith("/") else path + "/"
    yield "a trailing slash was added or lost", slashed + mark + query
    pairs = parse_qsl(query, keep_blank_values=True)
    if pairs:
        decoded = "&".join(f"{name}={value}" for name, value in pairs)
        yield "something decoded the query on the way", f"{path}?{decoded}"
        encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
        yield "something encoded the query anew on the way", f"{path}?{encoded}"
        yield "something put the query in another order", f"{path}?{'&'.join(sorted(query.split('&')))}"
    for header in ("x-forwarded-host", "x-original-host", "host"):
        proxy = delivery.headers.get(header, "").split(",")[0].strip()
        if proxy and proxy != parts.netloc:
            for scheme in ("https", "http"):
                yield (
                    f"it was signed for the host {proxy} ({header}): set PUBLIC_URL, or TRUSTED_PROXIES",
                    f"{scheme}://{proxy}/{rest}",
                )


def other_bodies(delivery: Delivery) -> Iterator[tuple[str, bytes]]:
    """Each usual mistake with a body, and the body that was signed if it was made."""
    body = delivery.body
    for lost in (b"\n", b"\r\n"):
        yield "a line break at the end of the body was lost on the way", body + lost
    for added in (b"\n", b"\r\n"):
        yield "a line break was added to the end of the body", body.removesuffix(added)
    yield "line breaks in the body were changed from CRLF to LF", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "line breaks in the body were changed from LF to CRLF", body.replace(b"\r\n", b"\n")
    yield "a byte order mark was put before the body", body.removeprefix(b"\xef\xbb\xbf")
    with suppress(UnicodeError):
        yield "the body was decoded with another character set and encoded anew", body.decode().encode("latin-1")
    with suppress(binascii.Error):
        yield "the body was put into Base64 on the way, as some gateways do", base64.b64decode(body, validate=True)
    yield from _other_json(body)
    yield from _other_forms(body.decode("latin-1"))


# How the usual languages write JSON; ours may have been any of them before something parsed it and wrote its own.
STYLES: tuple[dict[str, Any], ...] = (
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {},
    {"indent": 2, "ensure_ascii": False},
    {"indent": 4, "ensure_ascii": False},
)


def _other_json(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    for style in STYLES:
        words = "the JSON was parsed and written anew on the way: sign and check the raw bytes"
        written = json.dumps(parsed, **style).encode("utf-8", "replace")
        yield words, written
        yield words, written + b"\r\n"  # SendGrid's ends so


def _other_forms(text: str) -> Iterator[tuple[str, bytes]]:
    yield "the form was decoded on the way: sign and check the raw bytes", quote_plus(text, safe="=&").encode()
    yield "the form was checked after decoding it", unquote_plus(text).encode()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return
    for quoting in (quote_plus, quote):
        yield "the form was parsed and written anew on the way", urlencode(pairs, quote_via=quoting).encode()
