"""The stage blueprint, the event stream of this process, and the store client for pages."""

import threading
from collections.abc import Callable
from typing import Any

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

import context
from page_headers import create_page_blueprint
from stage.event_stream import EventStream

event_stream_lock = threading.Lock()

bp = create_page_blueprint("stage", __name__)


def get_event_stream() -> EventStream:
    """The event stream of this process, created on first use."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with event_stream_lock:
        if "event_stream" not in app.extensions:
            stream = EventStream(get_page_store(), _make_renderer(app), lambda: _is_serving(app))
            app.extensions["event_stream"] = stream
    found: EventStream = app.extensions["event_stream"]
    return found


def get_page_store() -> redis.Redis:
    """A client of the app's store that times out after 3 s, without retries, so that a page shows an error in time."""
    pool = context.store().connection_pool
    options = pool.connection_kwargs | {
        "socket_timeout": 3,
        "socket_connect_timeout": 2,
        "retry": Retry(NoBackoff(), 0),
    }
    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=pool.connection_class, **options))


def _is_serving(app: Flask) -> bool:
    """False once gunicorn shuts this process down; gunicorn.conf.py sets the check."""
    is_serving: Callable[[], bool] = app.extensions.get("is_serving", lambda: True)
    return is_serving()


def _make_renderer(app: Flask) -> Callable[..., str]:
    def render(name: str, **values: Any) -> str:
        return app.jinja_env.get_template(f"stage/_{name}.html").render(values)

    return render
