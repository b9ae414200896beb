"""Requests for Twilio's host names, which `ringback run` directs here. Those for other products get a 501."""

from __future__ import annotations

from aiohttp import web

from ringback.rest import routes
from ringback.rest.product_hosts import PRODUCT_PATHS
from ringback.web.access_control import Handler
from ringback.webhooks.urls import is_twilio_host

WRONG_CREDENTIALS = "the app used a different account SID or auth token: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"


@web.middleware
async def supported_products_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Responds to requests for other Twilio products with a 501, in the JSON format that SDKs expect."""
    host = request.host.partition(":")[0].lower()
    if not is_twilio_host(host):
        return await handler(request)
    path_prefixes = PRODUCT_PATHS.get(host.partition(".")[0])
    if path_prefixes is None:
        return _not_implemented(host)
    if not request.path.startswith(path_prefixes):
        return routes.not_found_response(request, 404)
    response = await handler(request)
    if response.status == 401:
        print(f"ringback: {WRONG_CREDENTIALS}", flush=True)
    if response.status == 501:
        print(f"ringback: {request.method} {request.path} is not emulated: responded with 501", flush=True)
    return response


def _not_implemented(host: str) -> web.Response:
    emulated = ", ".join(f"{product}.twilio.com" for product in PRODUCT_PATHS)
    message = f"The local exchange does not emulate {host[:100]}, only {emulated}"
    print(f"ringback: {message}: responded with 501", flush=True)
    return web.json_response({"code": 501, "message": message, "status": 501}, status=501)
