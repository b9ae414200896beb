"""The stage blueprint, this process's event stream, and the store client for pages."""

import threading
from collections.abc import Callable

import redis
from flask import Flask, current_app

import context
from stage.event_stream import EventStream
from stage.scene_renderer import SceneRenderer
from store import clients
from store.pool import PAGES
from web.security_headers import create_page_blueprint

event_stream_lock = threading.Lock()

bp = create_page_blueprint("stage", __name__)


def get_event_stream() -> EventStream:
    """This process's event stream, created on first use."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with event_stream_lock:
        if "event_stream" not in app.extensions:
            stream = EventStream(get_page_store(), get_renderer(), lambda: _is_serving(app))
            app.extensions["event_stream"] = stream
    found: EventStream = app.extensions["event_stream"]
    return found


def get_renderer() -> SceneRenderer:
    """This process's renderer of scenes, created on first use."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if "scene_renderer" not in app.extensions:
        app.extensions["scene_renderer"] = SceneRenderer(app, get_page_store())
    found: SceneRenderer = app.extensions["scene_renderer"]
    return found


def get_page_store() -> redis.Redis:
    """The store client for pages; if connections are scarce, webhooks have priority."""
    if "page_store" not in current_app.extensions:
        current_app.extensions["page_store"] = clients.lane(context.store(), PAGES)
    found: redis.Redis = current_app.extensions["page_store"]
    return found


def _is_serving(app: Flask) -> bool:
    """False once gunicorn has begun to shut this process down; gunicorn.conf.py sets the check."""
    is_serving: Callable[[], bool] = app.extensions.get("is_serving", lambda: True)
    return is_serving()
