"""Validates and normalizes untrusted URLs."""

import functools
import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit, urlunsplit

import idna

from sending.http.errors import url_blocked
from sending.http.ssrf import ALLOWED_PORTS

MAX_URL_LENGTH = 2048  # characters; a common limit among servers
URL_CACHE_SIZE = 512  # URLs; an endpoint's URL is normalized for each message
HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")  # browsers treat a host whose last label matches as an IPv4 address


@functools.lru_cache(maxsize=URL_CACHE_SIZE)
def normalize_url(url: str, *, http: bool = False, allow_any_port: bool = False) -> str:
    """Return the URL with a lower-case ASCII host and no fragment. Raises RequestFailed (blocked).

    A URL is blocked if it may contain a secret (a user name or password), if parsers could disagree about it (control
    characters, numeric hosts in unusual notations) or if its port is unusual. `http` also allows http: URLs.
    `allow_any_port` is for receivers on this machine; the port is checked again when connecting.
    """
    parts = _split(url)
    if parts.scheme not in ({"https", "http"} if http else {"https"}):
        raise url_blocked("The address must start with https://." if not http else "The address must be a web address.")
    if "@" in parts.netloc:
        raise url_blocked("Leave the user name and password out of the address.")
    host = _host(parts)
    port = _port(parts, allow_any_port)
    netloc_host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{netloc_host}{port}", parts.path or "/", parts.query, ""))


def host_of(url: str) -> str:
    """Return the host of a normalized URL."""
    return urlsplit(url).hostname or ""


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH:
        raise url_blocked(f"The address is longer than {MAX_URL_LENGTH} characters.")
    if any(character <= " " or character == "\\" or not character.isprintable() for character in url):
        raise url_blocked("The address contains a space or an invisible character.")
    try:
        url.encode()
        return urlsplit(url)
    except ValueError:
        raise url_blocked("That is not a web address.") from None


def _port(parts: SplitResult, allow_any_port: bool) -> str:
    try:
        port = parts.port
    except ValueError:
        raise url_blocked("The port in the address is not a number.") from None
    if port is None or port == {"https": 443, "http": 80}[parts.scheme]:
        return ""
    if port == 0 or (port not in ALLOWED_PORTS and not allow_any_port):
        raise url_blocked(f"We don't connect to port {port}.")
    return f":{port}"


def _host(parts: SplitResult) -> str:
    if parts.netloc.startswith("["):
        return _ipv6(parts.hostname or "")
    host = (parts.hostname or "").lower()
    ascii_host = host if host.isascii() else _idna(host)
    labels = ascii_host.split(".")
    if len(ascii_host) > 253 or not all(HOST_LABEL.fullmatch(label) for label in labels):
        raise url_blocked("The address does not have a valid host name.")
    if NUMERIC_LABEL.fullmatch(labels[-1]) and not (host.isascii() and _is_ipv4(ascii_host)):
        raise url_blocked("Write the numeric address in its standard form, such as 192.0.2.1.")
    return ascii_host


def _idna(host: str) -> str:
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise url_blocked("The address does not have a valid host name.") from None


def _is_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        raise url_blocked("That is not an IPv6 address.") from None
    if address.scope_id or address.ipv4_mapped:
        raise url_blocked("Write the numeric address in its standard form, such as 192.0.2.1.")
    return str(address)
