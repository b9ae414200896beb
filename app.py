"""The Flask app: settings, store and blueprints."""

import redis as redis_client
from flask import Flask

import cli
import config
import context
import presenter
import stage
from api import catalogue
from api import routes as api
from phone import (
    browser_phones,
    call_recordings,
    fallbacks,
    line_calls,
    notification_calls,
    scene_calls,
    sms,
    sms_status,
    voice,
    voice_answers,
    voice_status,
)
from phone.commands import command_words
from receiving import provider_routes
from show import talk_file
from store import clients, connection_budget
from web import https, request_body_limits, security_headers, session_cookies
from web.error_handlers import ERROR_HANDLERS

BLUEPRINTS = (
    sms.bp,
    sms_status.bp,
    voice.bp,
    voice_answers.bp,
    voice_status.bp,
    fallbacks.bp,
    call_recordings.bp,
    scene_calls.bp,
    line_calls.bp,
    browser_phones.bp,
    notification_calls.bp,
    provider_routes.bp,
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
    talk_file.init_app(app, settings, command_words())
    context.init_app(app, settings, redis or clients.connect(settings, connection_budget.WEB))
    session_cookies.init_app(app, settings)
    https.init_app(app, settings, PAGES)
    request_body_limits.limit_forms(app, PAGES)
    security_headers.init_app(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    for error, handler in ERROR_HANDLERS.items():
        app.register_error_handler(error, handler)
    return app
