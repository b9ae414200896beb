"""Resolves and encodes URLs and forms the way Twilio does.

https://www.twilio.com/docs/usage/security (2026-11)"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, urljoin, urlsplit, urlunsplit

from yarl import URL

MAX_CACHED_URLS = 1024  # per cached function: an app has few webhook URLs, and each is requested often
SAFE_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # allowed in a URL unencoded, besides letters, digits and -._


def is_twilio_host(host: str) -> bool:
    """True for twilio.com and its subdomains, including those with a region and edge (api.dublin.ie1.twilio.com)."""
    return f".{host.lower().rstrip('.')}".endswith(".twilio.com")


def resolve(base: str, url: str) -> str:
    """The URL resolved against the URL of its document. An invalid URL is returned unchanged; sending it fails."""
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return url.strip()


def encode_form(parameters: tuple[tuple[str, str], ...]) -> str:
    """The parameters in application/x-www-form-urlencoded format, for a body or a query string."""
    return "&".join(map(_encoded_field, parameters))


@lru_cache(maxsize=4096)
def _encoded_field(field: tuple[str, str]) -> str:
    """Cached, because most fields are the same in every request."""
    name, value = field
    return f"{quote_plus(name)}={quote_plus(value)}"


@lru_cache(maxsize=MAX_CACHED_URLS)
def wire_url(url: str, parameters: tuple[tuple[str, str], ...] = ()) -> str:
    """The URL to request: in ASCII, without its fragment. The `parameters` of a GET are appended to the query."""
    parts = urlsplit(_ascii(url))
    query = "&".join(part for part in (parts.query, encode_form(parameters)) if part)
    path = parts.path or "/"
    if not parameters and not parts.query and url.partition("#")[0].endswith("?"):
        path += "?"
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, query, ""))


@lru_cache(maxsize=MAX_CACHED_URLS)
def parsed_url(url: str) -> URL:
    """The URL for aiohttp, which requests it unchanged. Cached, because a URL object caches its own parts."""
    return URL(url, encoded=True)


@lru_cache(maxsize=MAX_CACHED_URLS)
def without_userinfo(url: str) -> tuple[str, str, str]:
    """(url, user, password). User and password are decoded; they are "" if the URL has none."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)


def _ascii(url: str) -> str:
    """The URL with unsafe characters percent-encoded. Existing percent-encoding is unchanged."""
    url = url.strip()
    parts = urlsplit(url)
    host = parts.netloc
    if not host.isascii():
        name, at, rest = host.rpartition("@")
        host = name + at + rest.encode("idna").decode()
    return quote(urlunsplit(parts._replace(netloc=host)), safe=SAFE_CHARACTERS)
