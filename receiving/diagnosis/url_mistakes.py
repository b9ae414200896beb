"""Possible mistakes in the URL, such as another scheme, host or port: each with the URL that would be valid."""

import re
from collections.abc import Iterator
from itertools import permutations
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake

PROXY_HEADERS = ("x-forwarded-host", "x-original-host", "x-forwarded-server", "host")
PORTS = (443, 80, 8000, 8080, 5000)
MAX_PERMUTED_PARAMS = 4  # 24 orders; for more parameters, only the sorted orders are tried
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
