"""The Flask app: settings, store, blueprints and error responses."""

import logging
from collections.abc import Callable

import redis as redis_client
from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from gunicorn.http.errors import ParseException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

import cli
import config
import context
import presenter
import stage
import store_budget
import store_pool
from api import catalogue
from api import views as api
from masking import MaskingFilter
from phone import outbound_calls, sms, text_status, voice
from phone.commands import load_commands
from receiving import provider_views
from receiving.idempotency import StillRunning
from web import security

BLUEPRINTS = (
    sms.bp,
    text_status.bp,
    voice.bp,
    outbound_calls.bp,
    provider_views.bp,
    stage.bp,
    presenter.bp,
    catalogue.bp,
    api.bp,
)

PAGES = (stage.bp.name, presenter.bp.name, catalogue.bp.name)  # for browsers, which follow redirects


def create_app(settings: config.Settings | None = None, redis: redis_client.Redis | None = None) -> Flask:
    """The app. Settings default to the environment, and the store to the one that the settings name."""
    settings = settings or config.load()
    app = Flask(__name__)
    context.init_app(app, settings, redis or store_pool.connect(settings, store_budget.WEB))
    app.config.update(
        SECRET_KEY=str(settings.secret_key[0]),
        SECRET_KEY_FALLBACKS=[str(key) for key in settings.secret_key[1:]],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_public_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = LazySessionInterface()
    for log_handler in logging.getLogger().handlers:
        log_handler.addFilter(MaskingFilter())
    security.init_app(app, settings, PAGES)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    load_commands()
    for error, handler in ERROR_HANDLERS.items():
        app.register_error_handler(error, handler)
    return app


class LazySessionInterface(SecureCookieSessionInterface):
    """Flask's sessions, without the cost of opening one for a request without cookies, such as a webhook."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()


def _text_response(sentence: str, status: int, **headers: str) -> Response:
    return Response(sentence + "\n", status, headers, content_type="text/plain; charset=utf-8")


def _retry_later(sentence: str) -> Response:
    return _text_response(sentence, 503, **{"Retry-After": "5"})


def _http_error(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _text_response(error.description or error.name, error.code or 500, **headers)


def _malformed_body(error: ParseException) -> Response:
    logging.getLogger(__name__).warning("The body of a request is malformed: %s", type(error).__name__)
    return _text_response("The body of this request is malformed.", 400)


def _store_unavailable(error: Exception) -> Response:
    logging.getLogger(__name__).error("Redis is not responding: %s", error)
    return _retry_later("Our data store is not responding. Please try again.")


def _internal_error(error: Exception) -> Response:
    logging.getLogger(__name__).exception("A request failed", exc_info=error)
    return _text_response("Something went wrong on our side. The error has been logged.", 500)


ERROR_HANDLERS: dict[type[Exception], Callable[..., Response]] = {
    StillRunning: lambda error: _retry_later("This delivery is still being processed."),
    RedisConnectionError: _store_unavailable,
    RedisTimeoutError: _store_unavailable,
    ParseException: _malformed_body,  # gunicorn parses a chunked body while we read it
    HTTPException: _http_error,
    Exception: _internal_error,
}
