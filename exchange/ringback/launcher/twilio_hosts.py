"""Serves Twilio's host names to the app's SDK. Requests for products that are not emulated get a 501."""

from __future__ import annotations

from aiohttp import web

from ringback.launcher.certificates import CertificateAuthority
from ringback.rest import routes
from ringback.rest.product_hosts import PRODUCT_PATHS
from ringback.state import State
from ringback.web.access_control import Handler
from ringback.web.app import make_app

SHUTDOWN_SECONDS = 0.5  # grace period for in-flight responses when the exchange shuts down

WRONG_CREDENTIALS = "the app used a different account SID or auth token: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"


class TwilioHosts:
    """The REST API on two further loopback ports: `port` with TLS, `plain_port` without.

    Some clients, such as axios, send requests for https URLs to a proxy as plain HTTP."""

    def __init__(self, state: State, authority: CertificateAuthority) -> None:
        app = make_app(state)
        app.middlewares.insert(0, supported_products_only)
        self.authority = authority
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        return int(self.runner.addresses[0][1])

    @property
    def plain_port(self) -> int:
        return int(self.runner.addresses[1][1])

    async def start(self) -> None:
        await self.runner.setup()
        for context in (self.authority.context("api.twilio.com"), None):
            await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=context).start()

    async def stop(self) -> None:
        await self.runner.cleanup()


@web.middleware
async def supported_products_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Responds to requests for other Twilio products with a 501, in the JSON format that SDKs expect."""
    host = request.host.partition(":")[0].lower()
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
