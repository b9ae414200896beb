"""The stage's room: its blueprint, the headers every page of it carries, its one feed a process."""

import threading
from collections.abc import Callable
from typing import Any

import redis
from flask import Blueprint, Flask, Response, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from stage.event_stream import EventStream

event_stream_lock = threading.Lock()

# Nothing is inline and nothing comes from elsewhere, so words that slip through as HTML still cannot act.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_page_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint whose every response carries the headers of a page."""
    blueprint = Blueprint(name, import_name)
    blueprint.after_request(_add_page_headers)
    return blueprint


def _add_page_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


bp = create_page_blueprint("stage", __name__)


def get_event_stream() -> EventStream:
    """This process's feed, made when the first page asks for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with event_stream_lock:
        if "stage" not in app.extensions:
            app.extensions["stage"] = EventStream(get_page_store(), _make_renderer(app), lambda: _is_serving(app))
    found: EventStream = app.extensions["stage"]
    return found


def get_page_store() -> redis.Redis:
    """The app's store by a client that gives up after 3 s: a page says "behind" rather than hang."""
    with_patience: redis.Redis = current_app.extensions["redis"]
    pool = with_patience.connection_pool
    options = pool.connection_kwargs | {
        "socket_timeout": 3,
        "socket_connect_timeout": 2,
        "retry": Retry(NoBackoff(), 0),
    }
    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=pool.connection_class, **options))


def _is_serving(app: Flask) -> bool:
    """False once gunicorn wants this process to end; gunicorn.conf.py puts the question in `extensions`."""
    still: Callable[[], bool] = app.extensions.get("is_serving", lambda: True)
    return still()


def _make_renderer(app: Flask) -> Callable[..., str]:
    def draw(name: str, **values: Any) -> str:
        return app.jinja_env.get_template(f"stage/_{name}.html").render(values)

    return draw
