"""The SSRF guard: resolves a host and allows only public addresses.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from sending.http.errors import RequestFailed, url_blocked

SocketAddress = tuple[Any, ...]  # for socket.connect: (address, port) or (address, port, flow, scope)
Resolver = Callable[[str, int], list[tuple[Any, ...]]]  # returns the same as socket.getaddrinfo

ALLOWED_PORTS = frozenset({80, 443, 8443})  # typical of web servers; other services listen on other ports

# Networks that `is_global` allows, or allowed in some Python release, but that a worker must not reach.
BLOCKED_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure WireServer
        "64:ff9b::/96",  # NAT64, mapped to IPv4
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4, mapped to IPv4
        "2001::/23",  # Teredo and other assignments
        "::/96",  # IPv4-compatible, deprecated
        "fec0::/10",  # site-local, deprecated
        "5f00::/16",  # segment routing
        "3fff::/20",  # documentation
    )
)


def is_public(text: str) -> bool:
    """Return whether this IP address is reachable on the public internet."""
    address = _unmap_ipv4(text)
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in BLOCKED_NETWORKS)


def is_loopback(text: str) -> bool:
    """Return whether this IP address is in 127.0.0.0/8 or equals ::1."""
    return _unmap_ipv4(text).is_loopback


def _unmap_ipv4(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return the addresses of a host from the system's resolver."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


def resolve_allowed(
    host: str, port: int, *, allow_loopback: bool, timeout: float, resolver: Resolver
) -> list[SocketAddress]:
    """Return all addresses of `host` from one DNS lookup, if all of them are allowed. Raises RequestFailed.

    A host with a private address among its public ones is blocked, because that suggests an attack.
    """
    addresses = [answer[4] for answer in _resolve_with_timeout(host, port, timeout, resolver)]
    if not addresses:
        raise RequestFailed("dns", f"The name {host} has no address.")
    for address in addresses:
        _check_address(str(address[0]), host, port, allow_loopback)
    return addresses


def _check_address(address: str, host: str, port: int, allow_loopback: bool) -> None:
    if allow_loopback and is_loopback(address):
        return
    if not is_public(address):
        raise url_blocked(f"{host} does not have a public address, so we don't connect to it.")
    if port not in ALLOWED_PORTS:
        raise url_blocked(f"We don't connect to port {port}.")


def _resolve_with_timeout(host: str, port: int, timeout: float, resolver: Resolver) -> list[tuple[Any, ...]]:
    """Resolve the host in a separate thread, because getaddrinfo has no timeout and can take half a minute."""
    found: list[tuple[Any, ...]] = []
    problem: list[Exception] = []

    def run() -> None:
        try:
            found.extend(resolver(host, port))
        except (OSError, UnicodeError) as error:
            problem.append(error)

    thread = threading.Thread(target=run, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise RequestFailed("dns", f"Looking up {host} took too long.")
    if problem:
        raise _dns_failure(host, problem[0]) from problem[0]
    return found


def _dns_failure(host: str, problem: Exception) -> RequestFailed:
    if isinstance(problem, socket.gaierror) and problem.errno == socket.EAI_AGAIN:
        return RequestFailed("dns", f"The name {host} could not be resolved just now.")
    return RequestFailed("dns", f"The name {host} does not exist.")
