"""The web application: routes, static files, security headers and JSON errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from ringback.rest import routes
from ringback.rest.product_hosts import is_rest
from ringback.state import State
from ringback.web import developer_api, handset_api, live_feed
from ringback.web.access_control import STATE, Handler, access_control
from ringback.web.html import call_page, calls_page
from ringback.web.html.page_head import as_html, error_page, phones_page
from ringback.web.json_responses import RequestRefused, file_response, read_json
from ringback.web.twilio_hosts import supported_products_only

PAGES = Path(__file__).parents[1] / "pages"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; frame-ancestors 'none'"
)
MAX_BODY_BYTES = 16 * 1024 * 1024

__all__ = ["STATE", "make_app", "read_json"]


def make_app(state: State) -> web.Application:
    """The application with all of the exchange's routes."""
    app = web.Application(
        middlewares=[supported_products_only, security_headers, errors_as_json, access_control],
        client_max_size=MAX_BODY_BYTES,
    )
    app[STATE] = state
    routes.add_routes(app, state)
    handset_api.add_routes(app, state)
    live_feed.add_routes(app, state)
    developer_api.add_routes(app, state)
    call_page.add_routes(app, state)
    calls_page.add_routes(app, state)
    app.router.add_get("/", phones)
    app.router.add_get("/app", app_page)
    app.router.add_get("/pages/{path:.+}", page)
    return app


async def phones(request: web.Request) -> web.StreamResponse:
    return phones_page(request, request.app[STATE].settings.links)


async def app_page(request: web.Request) -> web.StreamResponse:
    """Leads to the app that the exchange calls, so that the two link to each other."""
    app = request.app[STATE].app_address.app
    if not app:
        raise RequestRefused(404, "The exchange does not know the app's address: set PUBLIC_URL or --app.")
    raise web.HTTPFound(app)


async def page(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["path"])


def _file(path: str) -> web.FileResponse:
    try:
        file = (PAGES / path).resolve()
        if file.is_relative_to(PAGES.resolve()) and file.is_file():
            return file_response(file)
    except (ValueError, OSError):  # the path contains a NUL or is too long
        pass
    raise RequestRefused(404, f"There is no page {path[:100]}.")


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Returns every error as JSON with one sentence; REST API errors are in Twilio's format."""
    try:
        return await handler(request)
    except RequestRefused as refused:
        if _is_for_browser(request):
            return _error_page(request, str(refused), refused.status, refused.headers)
        return web.json_response({"error": str(refused)}, status=refused.status, headers=refused.headers)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        if is_rest(request.path):
            return routes.not_found_response(request, error.status)
        if _is_for_browser(request):
            return _error_page(request, f"{error.reason}: {request.path}", error.status)
        return web.json_response({"error": f"{error.reason}: {request.path}"}, status=error.status)


def _is_for_browser(request: web.Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "") and not is_rest(request.path)


def _error_page(
    request: web.Request, sentence: str, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    response = as_html(error_page(sentence, request.app[STATE].settings.links))
    response.set_status(status)
    response.headers.update(headers or {})
    return response
