"""An app with only the stage, the presenter's pages and the catalogue, for gunicorn and for Flask's test client."""

import os
import threading
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

import config
import context
import presenter
import stage.event_stream
import stage.viewers
from api import catalogue
from show import talk_file
from stage.blueprint import get_event_stream
from store import clients, connection_budget
from tests.support.processes import ROOT
from web import session_cookies
from web.error_handlers import ERROR_HANDLERS

NUMBER = "+447700900100"
PASSWORD = "a long password"
SMALL_TALK = str(ROOT / "tests/support/talk.toml")
ENVIRON = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_PHONE_NUMBER": NUMBER,
    "SECRET_KEY": "s" * 32,
    "PRESENTER_PASSWORD": PASSWORD,
}


def make(redis_url: str = "", **changes: str) -> Flask:
    """The app on the store at `redis_url`, else at REDIS_URL, with the talk at TALK; `changes` are settings."""
    environ = (
        ENVIRON | {"REDIS_URL": redis_url or os.environ["REDIS_URL"], "TALK": os.environ.get("TALK", "")} | changes
    )
    app = Flask("small_app", root_path=str(ROOT))
    settings = config.load(environ)
    talk_file.init_app(app, settings, ())
    context.init_app(app, settings, clients.connect(settings, connection_budget.WEB))
    session_cookies.init_app(app, settings)
    for blueprint in (stage.bp, presenter.bp, catalogue.bp):
        app.register_blueprint(blueprint)
    for error, handler in ERROR_HANDLERS.items():
        if error is HTTPException:
            app.register_error_handler(error, handler)
    app.add_url_rule("/test/feed", "test_feed", lambda: _look(app))
    app.add_url_rule("/test/forget", "test_forget", lambda: str(app.extensions.pop("event_stream", "")))
    if beat := os.environ.get("HEARTBEAT_SECONDS"):
        stage.event_stream.HEARTBEAT_SECONDS = float(beat)
    if queued := os.environ.get("MAX_QUEUED_BYTES"):
        stage.viewers.MAX_QUEUED_BYTES = int(queued)
    if most := os.environ.get("MAX_VIEWERS"):
        with app.app_context():
            get_event_stream().max_viewers = int(most)
    return app


def loses_its_store(app: Flask, monkeypatch: Any) -> None:
    """Until the end of the test, nothing listens where the store was."""
    pool = app.extensions["redis"].connection_pool
    monkeypatch.setitem(pool.connection_kwargs, "port", 1)
    monkeypatch.setattr(pool.connection_kwargs["retry"], "seconds", 0.1)
    pool.disconnect()
    pool.reset()


def _look(app: Flask) -> dict[str, object]:
    shown = app.extensions.get("event_stream")
    readers = sum(thread.name == "event-stream" for thread in threading.enumerate())
    return {"viewers": len(shown.viewers) if shown else 0, "readers": readers}
