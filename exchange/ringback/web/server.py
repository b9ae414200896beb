"""The exchange's HTTP server: its ports, routes and pages, and the Twilio products that it supports."""

from __future__ import annotations

import ssl
from pathlib import Path

from aiohttp import web

from ringback.rest import routes
from ringback.rest.product_routes import PRODUCT_PATHS
from ringback.service.clock import Clock
from ringback.service.settings import Settings
from ringback.state import State
from ringback.web import developer_api, event_stream, handset_api, media_files
from ringback.web.access_control import STATE, Handler, access_control
from ringback.web.error_responses import errors_as_json
from ringback.web.html import call_pages
from ringback.web.html.page_head import phones_page
from ringback.web.json_requests import RequestRefused, file_response
from ringback.web.security_headers import security_headers
from ringback.webhooks.urls import is_twilio_host

SHUTDOWN_SECONDS = 0.5  # grace period for requests in progress when the exchange stops
PAGES = Path(__file__).parents[1] / "pages"
MAX_BODY_BYTES = 16 * 1024 * 1024
WRONG_CREDENTIALS = "the app used a different account SID or auth token: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"


class Server:
    """One exchange. start() opens its port; stop() ends all calls and connections."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.state = State(settings, clock)
        self.runner = web.AppRunner(make_app(self.state), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        """The port that the started server listens on."""
        port: int = self.runner.addresses[0][1]
        return port

    @property
    def origin(self) -> str:
        return self.state.origin

    async def start(self) -> None:
        await self.runner.setup()
        site = web.TCPSite(self.runner, self.settings.host, self.settings.port)
        await site.start()
        if not self.settings.origin:
            host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
            self.state.origin = f"http://{host}:{self.port}"

    async def add_port(self, tls: ssl.SSLContext | None = None) -> int:
        """Opens another loopback port, with TLS if a context is given. Returns the port."""
        await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=tls).start()
        return int(self.runner.addresses[-1][1])

    async def stop(self) -> None:
        self.state.feed.close()  # ends the live feeds, for which cleanup() would wait
        await self.runner.cleanup()  # before the state is closed, so that no request can use it afterwards
        await self.state.close()


def make_app(state: State) -> web.Application:
    """The application with all of the exchange's routes."""
    app = web.Application(
        middlewares=[supported_products_only, security_headers, errors_as_json, access_control],
        client_max_size=MAX_BODY_BYTES,
    )
    app[STATE] = state
    routes.add_routes(app, state)
    handset_api.add_routes(app, state)
    event_stream.add_routes(app, state)
    media_files.add_routes(app, state)
    developer_api.add_routes(app, state)
    call_pages.add_routes(app, state)
    app.router.add_get("/", phones)
    app.router.add_get("/app", app_page)
    app.router.add_get("/pages/{path:.+}", page)
    return app


async def phones(request: web.Request) -> web.StreamResponse:
    return phones_page(request, request.app[STATE].settings.links)


async def app_page(request: web.Request) -> web.StreamResponse:
    """Redirects to the app, so that the exchange's pages can link to the app without knowing its address."""
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
