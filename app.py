"""The Flask app: settings, store and blueprints."""

import redis as redis_client
from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

import cli
import config
import context
import presenter
import stage
from api import catalogue
from api import views as api
from phone import (
    browser_phones,
    call_recordings,
    call_status,
    line_calls,
    outbound_calls,
    scene_calls,
    sms,
    sms_status,
    voice,
    voice_answers,
    voice_fallback,
)
from phone.commands import command_words
from receiving import provider_views
from show.talk import current_talk
from store import clients, connection_budget
from web import form_limits, https, security_headers
from web.error_handlers import ERROR_HANDLERS

BLUEPRINTS = (
    sms.bp,
    sms_status.bp,
    voice.bp,
    voice_answers.bp,
    call_recordings.bp,
    call_status.bp,
    voice_fallback.bp,
    scene_calls.bp,
    line_calls.bp,
    browser_phones.bp,
    outbound_calls.bp,
    provider_views.bp,
    stage.bp,
    presenter.bp,
    catalogue.bp,
    api.bp,
)

PAGES = (
    browser_phones.bp.name,
    stage.bp.name,
    presenter.bp.name,
    catalogue.bp.name,
)  # for browsers, which follow redirects


def create_app(settings: config.Settings | None = None, redis: redis_client.Redis | None = None) -> Flask:
    """Create the app. Settings default to the environment, and the store to the one named in the settings."""
    settings = settings or config.load()
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the order of a poll's options matters
    current_talk.init_app(app, settings, command_words())
    context.init_app(app, settings, redis or clients.connect(settings, connection_budget.WEB))
    app.config.update(
        SECRET_KEY=str(settings.secret_key[0]),
        SECRET_KEY_FALLBACKS=[str(key) for key in settings.secret_key[1:]],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_public_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = LazySessionInterface()
    https.init_app(app, settings, PAGES)
    form_limits.init_app(app, PAGES)
    security_headers.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    for error, handler in ERROR_HANDLERS.items():
        app.register_error_handler(error, handler)
    return app


class LazySessionInterface(SecureCookieSessionInterface):
    """Flask's session interface, which gives requests without cookies, such as webhooks, an empty session cheaply."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()
