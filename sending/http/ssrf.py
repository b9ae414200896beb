"""Which network addresses we may connect to: public ones, and nothing else by accident."""

import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from sending.http.errors import RequestFailed, blocked

SocketAddress = tuple[Any, ...]  # what socket.connect takes: (address, port) or (address, port, flow, scope)
Resolver = Callable[[str, int], list[tuple[Any, ...]]]  # answers as socket.getaddrinfo does

ALLOWED_PORTS = frozenset({80, 443, 8443})  # where web servers live; other ports belong to other programs

# What `is_global` lets through, or has let through in some release of Python, and should not be reached from a worker.
BLOCKED_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # the wire server inside Azure
        "64:ff9b::/96",  # NAT64, leads back into IPv4
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4, likewise
        "2001::/23",  # Teredo and other assignments
        "::/96",  # IPv4-compatible, long dead
        "fec0::/10",  # site-local, dead too
        "5f00::/16",  # segment routing
        "3fff::/20",  # documentation
    )
)


def is_public(text: str) -> bool:
    """True when this literal address belongs to the open internet."""
    address = _unmap_ipv4(text)
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in BLOCKED_NETWORKS)


def is_loopback(text: str) -> bool:
    """True for 127.0.0.0/8 and ::1: this machine, talking to itself."""
    return _unmap_ipv4(text).is_loopback


def _unmap_ipv4(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Ask the system's resolver, as socket.getaddrinfo does. The one place a name turns into addresses."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


def resolve_allowed(
    host: str, port: int, *, allow_loopback: bool, timeout: float, resolver: Resolver
) -> list[SocketAddress]:
    """Every address of `host`, looked up once, and only if we may connect to each of them.

    One private answer among public ones refuses the whole name: whoever mixes them means no good.
    """
    addresses = [answer[4] for answer in _resolve_with_timeout(host, port, timeout, resolver)]
    if not addresses:
        raise RequestFailed("dns", f"There is no address for {host}.")
    for address in addresses:
        _check_address(str(address[0]), host, port, allow_loopback)
    return addresses


def _check_address(address: str, host: str, port: int, allow_loopback: bool) -> None:
    if allow_loopback and is_loopback(address):
        return
    if not is_public(address):
        raise blocked(f"{host} is not a public address, so we don't connect to it.")
    if port not in ALLOWED_PORTS:
        raise blocked(f"We don't connect to port {port}.")


def _resolve_with_timeout(host: str, port: int, timeout: float, resolver: Resolver) -> list[tuple[Any, ...]]:
    """Ask in a thread of its own: a resolver knows no time-out, and a dead one can take half a minute."""
    found: list[tuple[Any, ...]] = []
    problem: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(resolver(host, port))
        except (OSError, UnicodeError) as error:
            problem.append(error)

    asking = threading.Thread(target=ask, name=f"look up {host}", daemon=True)
    asking.start()
    asking.join(timeout)
    if asking.is_alive():
        raise RequestFailed("dns", f"Looking up {host} took too long.")
    if problem:
        raise _dns_failure(host, problem[0]) from problem[0]
    return found


def _dns_failure(host: str, problem: Exception) -> RequestFailed:
    if isinstance(problem, socket.gaierror) and problem.errno == socket.EAI_AGAIN:
        return RequestFailed("dns", f"The name {host} could not be looked up just now.")
    return RequestFailed("dns", f"There is no such name: {host}.")
