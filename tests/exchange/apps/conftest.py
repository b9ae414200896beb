"""The cast: a small Flask app that answers the number, and the same people with handsets as everywhere.

Each test ends by asking the debugger: nothing these apps do is anything that Twilio would warn of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.exchange.support.exchange import Exchange


class Served:
    """A Flask app on a port of its own, each request in a thread of its own."""

    def __init__(self, flask: Flask) -> None:
        self.flask = flask
        self.server = make_server("127.0.0.1", 0, flask, threaded=True)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        flask.config["ORIGIN"] = self.origin
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def context(self) -> AbstractContextManager[Any]:
        """For what the app does by itself, when nobody asked."""
        return self.flask.app_context()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The app of this file: what its `create` makes."""
    create: Callable[[], Flask] = request.module.create
    served = Served(create())
    yield served
    served.close()


@pytest.fixture
def options() -> dict[str, Any]:
    return {"voice_status": ""}


@pytest.fixture
def exchange(exchange: Exchange, app: Served) -> Iterator[Exchange]:
    app.flask.config["TWILIO_API"] = exchange.origin
    yield exchange
    assert [(alert["code"], alert["message"]) for alert in exchange.get("/debugger")["alerts"]] == []
