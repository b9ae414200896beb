"""Possible mistakes that break signatures, each with the URL, body or secrets that would then be valid."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlencode, urlsplit

from config import Secret, Secrets
from receiving.delivery import Delivery

UNKNOWN = "unknown"  # the name of the Mistake that means "none of the common mistakes"
PROXY_HEADERS = ("x-forwarded-host", "x-original-host", "x-forwarded-server", "host")
PORTS = (443, 80, 8000, 8080, 5000)
MAX_PERMUTED_PARAMS = 4  # 24 orders; for more parameters, only the sorted orders are tried
MAX_FORM_FIELDS = 100


@dataclass(frozen=True)
class Mistake:
    """A common mistake: a short name, an explanation and a fix, for operators and never for the sender.

    The explanation is a clause without a full stop; the fix is one or more sentences.
    """

    name: str
    explanation: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.explanation}. {self.fix}" if self.fix else self.explanation

    def combined_with(self, other: "Mistake") -> "Mistake":
        """Return both mistakes as one."""
        explanation = f"{self.explanation}, and {other.explanation}"
        return Mistake(f"{self.name} and {other.name}", explanation, f"{self.fix} {other.fix}")


URL_ADVICE = "Configure the proxy to forward the URL unchanged (nginx: proxy_pass without a path), or simplify it."
DECODED_URL = Mistake("decoded URL", "a proxy decoded the URL", URL_ADVICE)
ENCODED_URL = Mistake("encoded URL", "a proxy changed the encoding of the URL", URL_ADVICE)
QUERY_ORDER = Mistake(
    "query order", "a proxy changed the order of the query parameters", "Configure the proxy to keep the order."
)


def other_urls(delivery: Delivery) -> Iterator[tuple[Mistake, str]]:
    """Yield possible mistakes that affect the URL, each with the URL that would have been signed; pairs come last."""
    try:
        seen = urlsplit(delivery.url)
        origins = list(_other_origins(delivery, seen.scheme, seen.netloc))
    except ValueError:  # the Host header does not contain a host
        return
    targets = list(_other_targets(delivery.target))
    yield from ((mistake, origin + delivery.target) for mistake, origin in origins)
    yield from ((mistake, f"{seen.scheme}://{seen.netloc}{target}") for mistake, target in targets)
    for mistake, origin in origins:
        for other, target in targets:
            if other is not QUERY_ORDER:
                yield mistake.combined_with(other), origin + target


def _other_origins(delivery: Delivery, scheme: str, netloc: str) -> Iterator[tuple[Mistake, str]]:
    """Yield other combinations of scheme, host and port that the sender may have used."""
    host = urlsplit(f"//{netloc}").hostname or ""
    other = "http" if scheme == "https" else "https"

    def found(name: str, explanation: str, origin: str) -> tuple[Mistake, str]:
        return Mistake(name, explanation, f"Set PUBLIC_URL={origin}, which the sender uses."), origin

    yield found("scheme", f"it was signed for {other}, but arrived as {scheme}", f"{other}://{netloc}")
    if host != netloc:
        yield found("port", "it was signed without the port", f"{scheme}://{host}")
        yield found("scheme and port", f"it was signed for {other} and without the port", f"{other}://{host}")
    for port in PORTS:
        yield found("port", f"it was signed with port {port}", f"{scheme}://{host}:{port}")
        yield found("scheme and port", f"it was signed for {other} with port {port}", f"{other}://{host}:{port}")
    for header, name in _proxy_hosts(delivery):
        if name != netloc:
            explanation = f"it was signed for the host {name} (see its header {header}), but arrived at {netloc}"
            yield found("proxy host", explanation, f"https://{name}")
            yield found("proxy host", explanation, f"http://{name}")


def _proxy_hosts(delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Yield (header, host) for the original hosts that proxies report. They are untrusted until a signature matches."""
    for header in PROXY_HEADERS:
        name = delivery.headers.get(header, "").partition(",")[0].strip()
        if name:
            yield header, name
    found = re.search(r'host="?([^";,\s]+)', delivery.headers.get("forwarded", ""), re.IGNORECASE)
    if found:
        yield "forwarded", found[1]


def _other_targets(target: str) -> Iterator[tuple[Mistake, str]]:
    """Yield other forms of the path and query that the sender may have used."""
    path, mark, query = target.partition("?")
    fix = f"Give the sender the URL as we receive it, with the path {path}."
    slash = Mistake("slash", "a trailing slash was added or removed", fix)
    yield slash, (path[:-1] if path.endswith("/") else path + "/") + mark + query
    decoded, encoded = unquote(path), quote(unquote(path), safe="/:@!$&'()*+,;=~")
    if not mark:
        yield ENCODED_URL, decoded
        yield DECODED_URL, encoded
        yield DECODED_URL, target + "?"  # parsing and re-serializing a URL drops a final question mark
        return
    params = query.split("&")
    is_short = len(params) <= MAX_PERMUTED_PARAMS
    orders = permutations(params) if is_short else (sorted(params), sorted(params, reverse=True))
    yield from ((QUERY_ORDER, f"{path}?{'&'.join(order)}") for order in orders)
    pairs = parse_qsl(query, keep_blank_values=True)
    yield ENCODED_URL, f"{decoded}?{'&'.join(f'{name}={value}' for name, value in pairs)}"
    for quoting in (quote, quote_plus):
        requoted = "&".join(f"{quoting(name, safe='')}={quoting(value, safe='')}" for name, value in pairs)
        yield DECODED_URL, f"{path}?{requoted}"
        yield DECODED_URL, f"{encoded}?{requoted}"
    for case in (str.upper, str.lower):
        yield ENCODED_URL, re.sub(r"%[0-9A-Fa-f]{2}", lambda found: case(found[0]), target)  # noqa: B023 (used at once)


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


# The explanation, the fix and the secret that the sender has instead; {} is the name of our setting.
SECRET_CHANGES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("our setting has quotation marks around the secret", "Remove them from {}.", lambda secret: secret.strip("\"'")),
    (
        "the sender's secret ends with a line break",
        "Re-enter it there without the line break.",
        lambda secret: secret + "\n",
    ),
    (
        "the sender's secret lacks the prefix that ours has",
        "Re-enter the secret there exactly as in {}.",
        lambda secret: secret.partition("_")[2] or secret,
    ),
)


def other_secrets(
    ours: Secrets, setting: str, name: str, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Secrets]]:
    """Yield possible mistakes that affect secrets, each with the secrets that would then be right.

    `ours` are the current secrets for the sender `name`, from this setting; `all_secrets` has each provider's secrets.
    """
    for other, theirs in all_secrets.items():
        if other != name:
            fix = f"Compare {setting} with the sender's secret: two secrets have been swapped."
            yield Mistake("other secret", f"it was signed with the secret of {other}", fix), theirs
    for explanation, fix, change in SECRET_CHANGES:
        changed = tuple(Secret(change(secret)) for secret in ours)
        if changed != ours:
            yield Mistake("other secret", explanation, fix.format(setting)), changed
