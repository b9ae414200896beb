"""The exchange's web server: which address leads where, who may come in, and how a refusal looks."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from ringback.rest import routes
from ringback.rest.product_hosts import is_rest
from ringback.state import State
from ringback.web import call_page, calls_page, developer_api, handset_api, live
from ringback.web.basic_auth import login
from ringback.web.json_responses import Refused, as_page, read_json

STATE: web.AppKey[State] = web.AppKey("state", State)
PAGES = Path(__file__).parents[1] / "pages"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
POLICY = "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; frame-ancestors 'none'"
MOST_BYTES = 16 * 1024 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["STATE", "make_app", "read_json"]


def make_app(state: State) -> web.Application:
    """All doors of one exchange."""
    app = web.Application(middlewares=[headers, refusals, gate], client_max_size=MOST_BYTES)
    app[STATE] = state
    routes.add_routes(app, state)
    handset_api.add_routes(app, state)
    live.add_routes(app, state)
    developer_api.add_routes(app, state)
    call_page.add_routes(app, state)
    calls_page.add_routes(app, state)
    app.router.add_get("/", index)
    app.router.add_get("/pages/{path:.+}", page)
    return app


async def index(request: web.Request) -> web.StreamResponse:
    return _file("index.html")


async def page(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["path"])


def _file(path: str) -> web.FileResponse:
    try:
        found = (PAGES / path).resolve()
        if found.is_relative_to(PAGES.resolve()) and found.is_file():
            return as_page(found)
    except (ValueError, OSError):  # a NUL, or a name longer than names can be
        pass
    raise Refused(404, f"There is no page {path[:100]}")


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is JSON with one sentence; REST words its own."""
    try:
        return await handler(request)
    except Refused as refused:
        return web.json_response({"error": refused.sentence}, status=refused.status, headers=refused.headers)
    except web.HTTPException as error:
        if is_rest(request.path):
            return routes.not_there(request, error.status)
        return web.json_response({"error": f"{error.reason}: {request.path}"}, status=error.status)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """REST brings its own login. Everything else answers only to its own name, its own pages and its password."""
    if not is_rest(request.path):
        settings = request.app[STATE].settings
        _known_host(request, settings.host, settings.allow_hosts, bool(settings.password))
        _password(request, settings.password)
        if request.method not in ("GET", "HEAD"):
            _own_pages_only(request)
    return await handler(request)


def _known_host(request: web.Request, host: str, allowed: tuple[str, ...], has_password: bool) -> None:
    """A page elsewhere could point its own name at us (DNS rebinding): only names we know are answered."""
    named = request.host.lower()
    name = named.rpartition(":")[0] if named.rpartition(":")[2].isdigit() else named
    if name.strip("[]") in LOOPBACK | {host, *allowed} or has_password:
        return
    raise Refused(421, f"This exchange does not answer to {named[:80]!r}: start it with --allow-host {name[:80]}")


def _password(request: web.Request, password: str) -> None:
    if not password:
        return
    _, given = login(request.headers.get("Authorization", "")) or ("", "")
    if not hmac.compare_digest(given.encode(), password.encode()):
        raise Refused(
            401, "Give the exchange's password (any user name)", {"WWW-Authenticate": 'Basic realm="exchange"'}
        )


def _own_pages_only(request: web.Request) -> None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (origin and origin.partition("://")[2] != request.host):
        raise Refused(403, "Only the exchange's own pages may do this from a browser")
    if request.method == "POST" and request.content_type not in ("application/json", "audio/wav"):
        raise Refused(415, "Send Content-Type: application/json")
