"""Who may ask: the host name, the password and the origin of every request but REST's, which has its own login."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from ringback.rest.product_hosts import is_rest
from ringback.state import State
from ringback.web.basic_auth import login
from ringback.web.json_responses import RequestRefused

STATE: web.AppKey[State] = web.AppKey("state", State)
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def access_control(request: web.Request, handler: Handler) -> web.StreamResponse:
    """REST brings its own login. Everything else answers only to its own name, its own pages and its password."""
    if not is_rest(request.path):
        settings = request.app[STATE].settings
        _check_host(request, settings.host, settings.allow_hosts, bool(settings.password))
        _check_password(request, settings.password)
        if request.method not in ("GET", "HEAD"):
            _check_origin(request)
    return await handler(request)


def _check_host(request: web.Request, host: str, allowed: tuple[str, ...], has_password: bool) -> None:
    """A page elsewhere could point its own name at us (DNS rebinding): only names we know are answered."""
    named = request.host.lower()
    name = named.rpartition(":")[0] if named.rpartition(":")[2].isdigit() else named
    if name.strip("[]") in LOOPBACK_HOSTS | {host, *allowed} or has_password:
        return
    raise RequestRefused(
        421, f"This exchange does not answer to {named[:80]!r}: start it with --allow-host {name[:80]}"
    )


def _check_password(request: web.Request, password: str) -> None:
    if not password:
        return
    _, given = login(request.headers.get("Authorization", "")) or ("", "")
    if not hmac.compare_digest(given.encode(), password.encode()):
        raise RequestRefused(
            401, "Give the exchange's password (any user name)", {"WWW-Authenticate": 'Basic realm="exchange"'}
        )


def _check_origin(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (origin and origin.partition("://")[2] != request.host):
        raise RequestRefused(403, "Only the exchange's own pages may do this from a browser")
    if request.method == "POST" and request.content_type not in ("application/json", "audio/wav"):
        raise RequestRefused(415, "Send Content-Type: application/json")
