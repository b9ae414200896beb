"""URLs as Twilio requests them, and forms."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, urljoin, urlsplit, urlunsplit

SAFE_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"  # what a URL may hold besides letters, digits and -._


def is_twilio_host(host: str) -> bool:
    """Is that one of Twilio's host names? Region and edge only insert labels: api.dublin.ie1.twilio.com."""
    return f".{host.lower().rstrip('.')}".endswith(".twilio.com")


def resolve(base: str, address: str) -> str:
    """An address as a document at `base` means it; one that is no address at all stays as it is, to be refused."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return address.strip()


def encode_form(parameters: tuple[tuple[str, str], ...]) -> str:
    """The parameters as a form's body, or as a query."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """Names and most values are the same in every request."""
    return quote_plus(text)


def wire_url(url: str, parameters: tuple[tuple[str, str], ...] = ()) -> str:
    """The URL as it is requested: ASCII, no fragment, and for GET the parameters after the query."""
    parts = urlsplit(_ascii(url))
    query = "&".join(part for part in (parts.query, encode_form(parameters)) if part)
    path = parts.path or "/"
    if not parameters and not parts.query and url.partition("#")[0].endswith("?"):
        path += "?"
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, query, ""))


def without_userinfo(url: str) -> tuple[str, str, str]:
    """(url, user, password), the latter decoded; "" where there is none."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)


def _ascii(url: str) -> str:
    """Spaces and other letters become %-sequences; what is already encoded stays as it is, byte for byte."""
    url = url.strip()
    parts = urlsplit(url)
    host = parts.netloc
    if not host.isascii():
        name, at, rest = host.rpartition("@")
        host = name + at + rest.encode("idna").decode()
    return quote(urlunsplit(parts._replace(netloc=host)), safe=SAFE_CHARACTERS)
