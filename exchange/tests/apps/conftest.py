"""The cast: a small Flask app that answers the number, and people with handsets.

At the end of each test, the debugger must be empty: Twilio would not warn about anything that these apps do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from ringback.testing.waiting import LIMIT_SECONDS, until_idle
from ringback.testing.wsgi_server import serving
from support.exchange import Exchange


@dataclass
class Served:
    """A Flask app on a port of its own."""

    flask: Flask
    origin: str

    def context(self) -> AbstractContextManager[Any]:
        """The app context for work that the app does outside a request."""
        return self.flask.app_context()


@contextmanager
def served(flask: Flask) -> Iterator[Served]:
    """Serve the app while the context lasts."""
    with serving(flask) as origin:
        flask.config["ORIGIN"] = origin
        yield Served(flask, origin)


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The app that the test module's `create` returns."""
    create: Callable[[], Flask] = request.module.create
    with served(create()) as running:
        yield running


@pytest.fixture
def options() -> dict[str, Any]:
    return {"voice_status": ""}


@pytest.fixture
def exchange(exchange: Exchange, app: Served) -> Iterator[Exchange]:
    app.flask.config["TWILIO_API"] = exchange.origin
    yield exchange
    until_idle(lambda: exchange.get("/requests"), LIMIT_SECONDS)  # an app that still responds may cause an alert
    assert [(alert["code"], alert["message"]) for alert in exchange.get("/debugger")["alerts"]] == []
