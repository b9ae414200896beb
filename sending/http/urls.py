"""Which web addresses we accept, written in their one plain form."""

import functools
import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit, urlunsplit

import idna

from sending.http.errors import blocked
from sending.http.ssrf import ALLOWED_PORTS

MAX_URL_LENGTH = 2048  # characters, as most servers have it
URL_CACHE_SIZE = 512  # addresses: a subscriber's is read again with each message
HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMERIC_LABEL = re.compile(
    r"[0-9]+|0x[0-9a-f]*"
)  # a last label like this makes browsers read the host as an IPv4 number


@functools.lru_cache(maxsize=URL_CACHE_SIZE)
def normalize_url(url: str, *, http: bool = False, allow_any_port: bool = False) -> str:
    """The same URL in plain form: lower-case ASCII host, no fragment. Raises a blocked RequestFailed for whatever could
    be read in two ways or holds a secret: user names, encoded numbers, odd ports, control characters.

    `http` allows unencrypted addresses. `allow_any_port` is for loopback receivers; the port is checked on connecting.
    """
    parts = _split(url)
    if parts.scheme not in ({"https", "http"} if http else {"https"}):
        raise blocked("The address must start with https://." if not http else "The address must be a web address.")
    if "@" in parts.netloc:
        raise blocked("Leave the user name and password out of the address.")
    host = _host(parts)
    port = _port(parts, allow_any_port)
    place = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{place}{port}", parts.path or "/", parts.query, ""))


def host_of(url: str) -> str:
    """The host of an address that was accepted, for sentences and pool names."""
    return urlsplit(url).hostname or ""


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH:
        raise blocked(f"The address is longer than {MAX_URL_LENGTH} characters.")
    if any(character <= " " or character == "\\" or not character.isprintable() for character in url):
        raise blocked("The address has a space or an invisible character in it.")
    try:
        url.encode()
        return urlsplit(url)
    except ValueError:
        raise blocked("That is not a web address.") from None


def _port(parts: SplitResult, allow_any_port: bool) -> str:
    try:
        port = parts.port
    except ValueError:
        raise blocked("The address has a port that is no number.") from None
    if port is None or port == {"https": 443, "http": 80}[parts.scheme]:
        return ""
    if port == 0 or (port not in ALLOWED_PORTS and not allow_any_port):
        raise blocked(f"We don't connect to port {port}.")
    return f":{port}"


def _host(parts: SplitResult) -> str:
    if parts.netloc.startswith("["):
        return _ipv6(parts.hostname or "")
    host = (parts.hostname or "").lower()
    plain = host if host.isascii() else _idna(host)
    labels = plain.split(".")
    if len(plain) > 253 or not all(HOST_LABEL.fullmatch(label) for label in labels):
        raise blocked("The address has no proper host name.")
    if NUMERIC_LABEL.fullmatch(labels[-1]) and not (host.isascii() and _is_ipv4(plain)):
        raise blocked("Write a numeric address in its plain form, like 192.0.2.1.")
    return plain


def _idna(host: str) -> str:
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise blocked("The address has no proper host name.") from None


def _is_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        raise blocked("That is not an IPv6 address.") from None
    if address.scope_id or address.ipv4_mapped:
        raise blocked("Write a numeric address in its plain form, like 192.0.2.1.")
    return str(address)
