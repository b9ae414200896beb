"""Access control by Host header, password and origin, for every request except those to the REST API."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from ringback.rest.product_routes import is_rest
from ringback.state import State
from ringback.web.basic_auth import parse_basic_auth
from ringback.web.json_requests import RequestRefused

STATE: web.AppKey[State] = web.AppKey("state", State)
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def access_control(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Rejects requests with a wrong Host header or without the password, and changes requested from another origin.

    The REST API has its own authentication."""
    if not is_rest(request.path):
        settings = request.app[STATE].settings
        _check_host(request, settings.host, settings.allow_hosts, bool(settings.password))
        _check_password(request, settings.password)
        if request.method not in ("GET", "HEAD"):
            _check_origin(request)
    return await handler(request)


def _check_host(request: web.Request, host: str, allowed: tuple[str, ...], has_password: bool) -> None:
    """Prevents DNS rebinding, in which another site's host name resolves to this server."""
    header = request.host.lower()
    name = header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() else header
    if name.strip("[]") in LOOPBACK_HOSTS | {host, *allowed} or has_password:
        return
    raise RequestRefused(
        421, f"The host {header[:80]!r} is not allowed. Start the exchange with --allow-host {name[:80]}."
    )


def _check_password(request: web.Request, password: str) -> None:
    if not password:
        return
    _, sent = parse_basic_auth(request.headers.get("Authorization", "")) or ("", "")
    if not hmac.compare_digest(sent.encode(), password.encode()):
        challenge = {"WWW-Authenticate": 'Basic realm="exchange"'}
        raise RequestRefused(401, "The exchange's password is required, with any user name.", challenge)


def _check_origin(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (origin and origin.partition("://")[2] != request.host):
        raise RequestRefused(403, "In a browser, only the exchange's own pages may send this request.")
    if request.method == "POST" and request.content_type not in ("application/json", "audio/wav"):
        raise RequestRefused(415, "Send Content-Type: application/json.")
