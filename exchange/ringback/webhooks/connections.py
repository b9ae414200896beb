"""The connections to the app: kept open between requests, and secured with TLS.

https://www.twilio.com/docs/usage/webhooks/webhooks-security (2026-11)"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

import aiohttp

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
KEEPALIVE_SECONDS = 5
DNS_CACHE_SECONDS = 10


@dataclass(eq=False)
class ConnectionUse:
    """The connection used for one request: whether it was opened for it, and whether the response has begun."""

    is_new: bool = False
    has_response: bool = False

    @staticmethod
    def begin() -> ConnectionUse:
        """Returns the record for the request that this task sends next."""
        use = ConnectionUse()
        _current.set(use)
        return use

    async def next_request(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Middleware for authentication that takes two requests, each of which may open a connection."""
        self.is_new = False
        return await handler(request)


_current: ContextVar[ConnectionUse] = ContextVar("connection_use")


def connector() -> aiohttp.TCPConnector:
    """Returns a connector that marks the ConnectionUse of each request for which it opens a connection.

    aiohttp's tracing provides the same information, but adds a tenth to the time of every request."""
    return aiohttp.TCPConnector(
        limit=0, ttl_dns_cache=DNS_CACHE_SECONDS, keepalive_timeout=KEEPALIVE_SECONDS, socket_factory=_open_socket
    )


def _open_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    if use := _current.get(None):  # none for a WebSocket handshake, which is not repeated
        use.is_new = True
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def tls_context(url: str) -> ssl.SSLContext | bool:
    """Returns a context that trusts the system's certificate authorities, or True if the URL does not use TLS.

    aiohttp's own default context has no authorities: see __main__.py."""
    return _context() if url.startswith(("https:", "wss:")) else True


@cache
def _context() -> ssl.SSLContext:
    """Created when it is first needed, because loading the authorities is slow."""
    return ssl.create_default_context()
