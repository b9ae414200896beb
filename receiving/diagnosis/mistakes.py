"""The usual mistakes between a sender and us: what may have been signed, when it was not what we saw."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlencode, urlsplit

from receiving.delivery import Delivery

PROXY_HEADERS = ("x-forwarded-host", "x-original-host", "x-forwarded-server", "host")
PORTS = (443, 80, 8000, 8080, 5000)
UNKNOWN = "unknown"  # the name of what no usual mistake explains
MAX_PERMUTED_PARAMS = 4  # parameters: 24 orders; of more, only the sorted ones are tried


@dataclass(frozen=True)
class Mistake:
    """A usual mistake: its short name, what happened in words, and how to mend it. For us, never for the sender."""

    name: str
    explanation: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.explanation}. {self.fix}" if self.fix else self.explanation

    def combined_with(self, other: "Mistake") -> "Mistake":
        """Both of them at once."""
        return Mistake(
            f"{self.name} and {other.name}", f"{self.explanation}, and {other.explanation}", f"{self.fix} {other.fix}"
        )


RAW_BODY_ADVICE = "Switch off what rewrites requests in front of us: the raw bytes are what is signed."
URL_ENCODING_ADVICE = (
    "Have the proxy pass the address on as it comes (nginx: proxy_pass without a path), or use a plainer one."
)
QUERY_ORDER = Mistake(
    "query order", "something put the query in another order", "Switch off what sorts queries in front of us."
)
DECODED_URL = Mistake("decoded URL", "something decoded the address on the way", URL_ENCODING_ADVICE)
ENCODED_URL = Mistake("encoded URL", "something encoded the address anew on the way", URL_ENCODING_ADVICE)


def other_urls(delivery: Delivery) -> Iterator[tuple[Mistake, str]]:
    """Each usual mistake with a URL, and the URL that was signed if it was made; single ones before pairs."""
    try:
        seen = urlsplit(delivery.url)
        origins = list(_other_origins(delivery, seen.scheme, seen.netloc))
    except ValueError:  # a Host header that is none
        return
    targets = list(_other_targets(delivery.target))
    yield from ((mistake, origin + delivery.target) for mistake, origin in origins)
    yield from ((mistake, f"{seen.scheme}://{seen.netloc}{target}") for mistake, target in targets)
    likely = [(mistake, target) for mistake, target in targets if mistake is not QUERY_ORDER]
    for where, origin in origins:
        yield from ((where.combined_with(what), origin + target) for what, target in likely)


def _other_origins(delivery: Delivery, scheme: str, netloc: str) -> Iterator[tuple[Mistake, str]]:
    """Scheme, port and host as the sender may have written them."""
    host = urlsplit(f"//{netloc}").hostname or ""
    other = "http" if scheme == "https" else "https"

    def found(name: str, words: str, origin: str) -> tuple[Mistake, str]:
        return Mistake(name, words, f"Set PUBLIC_URL={origin}, which is what the sender has."), origin

    yield found("scheme", f"it was signed for {other}, we saw {scheme}", f"{other}://{netloc}")
    if host != netloc:
        yield found("port", "it was signed without the port", f"{scheme}://{host}")
        words = f"it was signed for {other} and without the port"
        yield found("scheme and port", words, f"{other}://{host}")
    for port in PORTS:
        yield found("port", f"it was signed with port {port}", f"{scheme}://{host}:{port}")
        yield found("scheme and port", f"it was signed for {other} with port {port}", f"{other}://{host}:{port}")
    for header, name in _proxy_hosts(delivery):
        if name != netloc:
            for theirs in ("https", "http"):
                words = f"it was signed for the host {name} ({header}), we saw {netloc}"
                yield found("proxy host", words, f"{theirs}://{name}")


def _proxy_hosts(delivery: Delivery) -> Iterator[tuple[str, str]]:
    """The hosts that proxies say were asked for. Anybody may write these; only a signature makes one count."""
    for header in PROXY_HEADERS:
        name = delivery.headers.get(header, "").partition(",")[0].strip()
        if name:
            yield header, name
    found = re.search(r'host="?([^";,\s]+)', delivery.headers.get("forwarded", ""), re.IGNORECASE)
    if found:
        yield "forwarded", found[1]


def _other_targets(target: str) -> Iterator[tuple[Mistake, str]]:
    """Path and query as the sender may have written them."""
    path, mark, query = target.partition("?")
    mend = f"Give the sender the address as it arrives here, with the path {path}."
    slash = Mistake("slash", "a trailing slash was added or lost", mend)
    yield slash, (path[:-1] if path.endswith("/") else path + "/") + mark + query
    plain, quoted = unquote(path), quote(unquote(path), safe="/:@!$&'()*+,;=~")
    if not mark:
        yield ENCODED_URL, plain
        yield DECODED_URL, quoted
        yield DECODED_URL, target + "?"  # a bare question mark is lost by whatever parses
        return
    parts = query.split("&")
    orders = permutations(parts) if len(parts) <= MAX_PERMUTED_PARAMS else (sorted(parts), sorted(parts, reverse=True))
    yield from ((QUERY_ORDER, f"{path}?{'&'.join(order)}") for order in orders)
    pairs = parse_qsl(query, keep_blank_values=True)
    yield ENCODED_URL, f"{plain}?{'&'.join(f'{name}={value}' for name, value in pairs)}"
    for quoting in (quote, quote_plus):
        written = "&".join(f"{quoting(name, safe='')}={quoting(value, safe='')}" for name, value in pairs)
        yield DECODED_URL, f"{path}?{written}"
        yield DECODED_URL, f"{quoted}?{written}"
    for case in (str.upper, str.lower):
        yield ENCODED_URL, re.sub(r"%[0-9A-Fa-f]{2}", lambda found: case(found[0]), target)  # noqa: B023 (used at once)


def other_bodies(body: bytes) -> Iterator[tuple[Mistake, bytes]]:
    """Each usual mistake with a body, and the body that was signed if it was made."""
    for lost in (b"\n", b"\r\n"):
        yield (
            Mistake("line break", "a line break at the end of the body was lost on the way", RAW_BODY_ADVICE),
            body + lost,
        )
    for added in (b"\n", b"\r\n"):
        yield (
            Mistake("line break", "a line break was added to the end of the body", RAW_BODY_ADVICE),
            body.removesuffix(added),
        )
    yield (
        Mistake("line break", "line breaks in the body were changed from CRLF to LF", RAW_BODY_ADVICE),
        body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    )
    yield (
        Mistake("line break", "line breaks in the body were changed from LF to CRLF", RAW_BODY_ADVICE),
        body.replace(b"\r\n", b"\n"),
    )
    yield (
        Mistake("byte order mark", "a byte order mark was put before the body", RAW_BODY_ADVICE),
        body.removeprefix(b"\xef\xbb\xbf"),
    )
    with suppress(UnicodeError):
        yield (
            Mistake(
                "character set", "the body was decoded with another character set and encoded anew", RAW_BODY_ADVICE
            ),
            body.decode().encode("latin-1"),
        )
    with suppress(binascii.Error):
        yield (
            Mistake("Base64", "the body was put into Base64 on the way, as some gateways do", RAW_BODY_ADVICE),
            base64.b64decode(body, validate=True),
        )
    yield from _other_json(body)
    yield from _other_forms(body.decode("latin-1"))


# How the usual languages write JSON; ours may have been any of them before something parsed it and wrote its own.
JSON_STYLES: tuple[dict[str, Any], ...] = (
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {},
    {"indent": 2, "ensure_ascii": False},
    {"indent": 4, "ensure_ascii": False},
)


RESERIALIZED_JSON = Mistake("re-serialised JSON", "the JSON was parsed and written anew on the way", RAW_BODY_ADVICE)


def _other_json(body: bytes) -> Iterator[tuple[Mistake, bytes]]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return
    for style in JSON_STYLES:
        written = json.dumps(parsed, **style).encode("utf-8", "replace")
        yield RESERIALIZED_JSON, written
        yield RESERIALIZED_JSON, written + b"\r\n"  # SendGrid's ends so


REWRITTEN_FORM = Mistake("rewritten form", "the form was parsed and written anew on the way", RAW_BODY_ADVICE)


def _other_forms(text: str) -> Iterator[tuple[Mistake, bytes]]:
    yield (
        Mistake("decoded form", "the form was decoded on the way", RAW_BODY_ADVICE),
        quote_plus(text, safe="=&").encode(),
    )
    yield Mistake("encoded form", "the form was encoded on the way", RAW_BODY_ADVICE), unquote_plus(text).encode()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return
    for quoting in (quote_plus, quote):
        yield REWRITTEN_FORM, urlencode(pairs, quote_via=quoting).encode()
