"""The responses to refused requests and errors: JSON for scripts, a page for browsers, Twilio's format for SDKs."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from ringback.rest import routes
from ringback.rest.product_routes import is_rest
from ringback.web.access_control import STATE, Handler
from ringback.web.html.page_head import as_html, error_page
from ringback.web.json_requests import RequestRefused


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns an error into a page for browsers, Twilio's format for the REST API, or else JSON with one sentence."""
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
