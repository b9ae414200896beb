"""Twilio's own addresses, as an app's SDK asks for them: the exchange answers, or names what it lacks."""

from __future__ import annotations

from aiohttp import web

from ringback.launcher.certificates import CertificateAuthority
from ringback.rest import routes
from ringback.rest.product_hosts import PRODUCT_PATHS
from ringback.state import State
from ringback.web.access_control import Handler
from ringback.web.app import make_app

SHUTDOWN_SECONDS = 0.5  # seconds that answers under way get when the exchange stops


class TwilioHosts:
    """Listens on loopback, on ports of its own; who is led there believes to have reached Twilio.

    `port` speaks TLS, and `plain_port` does not: some clients hand a proxy what was meant for TLS, as axios does."""

    def __init__(self, state: State, trust: CertificateAuthority) -> None:
        app = make_app(state)
        app.middlewares.insert(0, supported_products_only)
        self.trust = trust
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        return int(self.runner.addresses[0][1])

    @property
    def plain_port(self) -> int:
        return int(self.runner.addresses[1][1])

    async def start(self) -> None:
        await self.runner.setup()
        for context in (self.trust.context("api.twilio.com"), None):
            await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=context).start()

    async def stop(self) -> None:
        await self.runner.cleanup()


@web.middleware
async def supported_products_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Another product of Twilio's is 501, in the shape its SDKs read."""
    host = request.host.partition(":")[0].lower()
    beginnings = PRODUCT_PATHS.get(host.partition(".")[0])
    if beginnings is None:
        return _not_implemented(host)
    if not request.path.startswith(beginnings):
        return routes.not_found_response(request, 404)
    answer = await handler(request)
    if answer.status == 401:
        print("exchange: the app gave another account or token than the exchange's: see TWILIO_ACCOUNT_SID", flush=True)
    return answer


def _not_implemented(host: str) -> web.Response:
    ours = ", ".join(f"{product}.twilio.com" for product in PRODUCT_PATHS)
    sentence = f"The local exchange has no {host[:100]}; it stands in for {ours}"
    print(f"exchange: {sentence}: answered 501", flush=True)
    return web.json_response({"code": 501, "message": sentence, "status": 501}, status=501)
