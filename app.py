"""The Flask app: settings, store, blueprints, error responses."""

import logging
from typing import Any

from flask import Flask, Request, Response, redirect, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTooSlow
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

import config
import presenter
import stage
from api import catalogue
from api import views as api
from masking import MaskedNumbers
from phone import outbound_calls, sms, voice
from phone.commands import read_all
from receiving import provider_views, receiver
from receiving.idempotency import StillRunning
from receiving.twilio import BadSignature
from workers.queues import Queues

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


def create_app(settings: config.Settings | None = None, redis: Any = None) -> Flask:
    """The app on these settings and this store; both are made from the environment when they are not given."""
    settings = settings or config.load()
    redis = redis or config.connect(settings)
    app = Flask(__name__)
    app.extensions |= {"settings": settings, "redis": redis, "queues": Queues(redis)}
    app.config.update(
        SECRET_KEY=str(settings.secret_key[0]),
        SECRET_KEY_FALLBACKS=[str(key) for key in settings.secret_key[1:]],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_public_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = SessionsOnDemand()
    for handler in logging.getLogger().handlers:
        handler.addFilter(MaskedNumbers())
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    read_all()
    insist_on_https(app, settings)
    app.after_request(without_guessing)
    for trouble, answer in ANSWERS.items():
        app.register_error_handler(trouble, answer)
    return app


class SessionsOnDemand(SecureCookieSessionInterface):
    """Flask's own sessions, but a request without a cookie does not pay for reading one: no webhook has any."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()


def without_guessing(response: Response) -> Response:
    """Every answer is what it says it is: https://fetch.spec.whatwg.org/#x-content-type-options-header."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def insist_on_https(app: Flask, settings: config.Settings) -> None:
    """Pages asked for by http go to https. Webhooks never redirect: their signature already holds the scheme."""

    def only_https() -> BaseResponse | None:
        if request.environ.get("HTTP_X_FORWARDED_PROTO") == "http" and request.method in ("GET", "HEAD"):
            return redirect(settings.public_url + request.full_path.rstrip("?"), 308)
        return None

    def stay(response: Response) -> Response:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    if settings.is_public_https:
        app.after_request(stay)
        if settings.trusted_proxies:
            app.before_request(only_https)


def _plain(sentence: str, status: int, **headers: str) -> Response:
    return Response(sentence + "\n", status, headers, content_type="text/plain; charset=utf-8")


def _refused(refusal: HTTPException) -> Response:
    kept = {name: value for name, value in refusal.get_headers() if name in ("Allow", "Retry-After")}
    return _plain(refusal.description or refusal.name, refusal.code or 500, **kept)


def _store_is_away(trouble: Exception) -> Response:
    logging.getLogger(__name__).error("The store does not answer: %s", trouble)
    return _plain("Our store does not answer just now. Please try again.", 503, **{"Retry-After": "5"})


def _broken(trouble: Exception) -> Response:
    logging.getLogger(__name__).exception("A request failed", exc_info=trouble)
    return _plain("Something went wrong on our side. It is in our log.", 500)


ANSWERS: dict[type[Exception], Any] = {
    BadSignature: receiver.refuse,
    StillRunning: lambda _: _plain("This delivery is still being worked on.", 503, **{"Retry-After": "5"}),
    StoreUnreachable: _store_is_away,
    StoreTooSlow: _store_is_away,
    HTTPException: _refused,
    Exception: _broken,
}
