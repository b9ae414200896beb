"""The stage's room: its blueprint, the headers every page of it carries, its one feed a process."""

import threading
from collections.abc import Callable
from typing import Any

import redis
from flask import Blueprint, Flask, Response, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from stage.event_stream import Feed

made = threading.Lock()

# Nothing is inline and nothing comes from elsewhere, so words that slip through as HTML still cannot act.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint whose every response carries the headers of a page."""
    blueprint = Blueprint(name, import_name)
    blueprint.after_request(_with_page_headers)
    return blueprint


def _with_page_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


bp = page_blueprint("stage", __name__)


def feed() -> Feed:
    """This process's feed, made when the first page asks for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with made:
        if "stage" not in app.extensions:
            app.extensions["stage"] = Feed(store(), _drawing(app), lambda: _is_serving(app))
    found: Feed = app.extensions["stage"]
    return found


def store() -> redis.Redis:
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


def _drawing(app: Flask) -> Callable[..., str]:
    def draw(name: str, **values: Any) -> str:
        return app.jinja_env.get_template(f"stage/_{name}.html").render(values)

    return draw
