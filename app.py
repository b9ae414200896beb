"""The Flask app: settings, store, blueprints, error responses."""

import logging
from typing import Any

import redis as redis_client
from flask import Flask, Request, Response, redirect, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTooSlow
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

import cli
import config
import context
import presenter
import stage
from api import catalogue
from api import views as api
from masking import MaskingFilter
from phone import outbound_calls, sms, voice
from phone.commands import load_commands
from receiving import provider_views
from receiving.idempotency import StillRunning

BLUEPRINTS = (
    sms.bp,
    voice.bp,
    outbound_calls.bp,
    provider_views.bp,
    stage.bp,
    presenter.bp,
    catalogue.bp,
    api.bp,
)


def create_app(settings: config.Settings | None = None, redis: redis_client.Redis | None = None) -> Flask:
    """The app on these settings and this store; both are made from the environment when they are not given."""
    settings = settings or config.load()
    redis = redis or config.connect(settings)
    app = Flask(__name__)
    context.init_app(app, settings, redis)
    app.config.update(
        SECRET_KEY=str(settings.secret_key[0]),
        SECRET_KEY_FALLBACKS=[str(key) for key in settings.secret_key[1:]],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_public_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = LazySessionInterface()
    for handler in logging.getLogger().handlers:
        handler.addFilter(MaskingFilter())
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    load_commands()
    trust_proxies(app, settings.trusted_proxies)
    enforce_https(app, settings)
    app.after_request(add_nosniff_header)
    for trouble, answer in ERROR_HANDLERS.items():
        app.register_error_handler(trouble, answer)
    return app


class LazySessionInterface(SecureCookieSessionInterface):
    """Flask's own sessions, but a request without a cookie does not pay for reading one: no webhook has any."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()


def add_nosniff_header(response: Response) -> Response:
    """Every answer is what it says it is: https://fetch.spec.whatwg.org/#x-content-type-options-header."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def trust_proxies(app: Flask, count: int) -> None:
    """Take the client's address and the scheme from the headers that this many reverse proxies append to."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]


def enforce_https(app: Flask, settings: config.Settings) -> None:
    """Pages asked for by http go to https. Webhooks never redirect: their signature already holds the scheme."""

    def only_https() -> BaseResponse | None:
        # Health checks come from inside, past the proxy, so without its header.
        is_proxied = "X-Forwarded-Proto" in request.headers
        if is_proxied and not request.is_secure and request.method in ("GET", "HEAD"):
            return redirect(settings.public_url + request.full_path.rstrip("?"), 308)
        return None

    def stay(response: Response) -> Response:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    if settings.is_public_https:
        app.after_request(stay)
        if settings.trusted_proxies:
            app.before_request(only_https)


def _text_response(sentence: str, status: int, **headers: str) -> Response:
    return Response(sentence + "\n", status, headers, content_type="text/plain; charset=utf-8")


def _http_error(refusal: HTTPException) -> Response:
    kept = {name: value for name, value in refusal.get_headers() if name in ("Allow", "Retry-After")}
    return _text_response(refusal.description or refusal.name, refusal.code or 500, **kept)


def _store_unavailable(trouble: Exception) -> Response:
    logging.getLogger(__name__).error("The store does not answer: %s", trouble)
    return _text_response("Our store does not answer just now. Please try again.", 503, **{"Retry-After": "5"})


def _internal_error(trouble: Exception) -> Response:
    logging.getLogger(__name__).exception("A request failed", exc_info=trouble)
    return _text_response("Something went wrong on our side. It is in our log.", 500)


ERROR_HANDLERS: dict[type[Exception], Any] = {
    StillRunning: lambda _: _text_response("This delivery is still being worked on.", 503, **{"Retry-After": "5"}),
    StoreUnreachable: _store_unavailable,
    StoreTooSlow: _store_unavailable,
    HTTPException: _http_error,
    Exception: _internal_error,
}
