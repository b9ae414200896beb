"""The cast of the stage's tests: a real store, a small app, real gunicorn, a screen that watches."""

import pytest

from tests.support.stage import StageServer, StreamClient
from tests.support.stage_app import make
from tests.support.waiting import eventually


@pytest.fixture
def app(url, room):
    """Nothing but the stage, in place of the whole app."""
    return make(url)


@pytest.fixture(scope="session")
def gunicorn(store):
    # No beat, so that no test passes only because of one.
    running = StageServer(f"redis://127.0.0.1:{store.port}", HEARTBEAT_SECONDS="3600")
    yield running
    running.stop()


@pytest.fixture
def web(gunicorn, room):
    """Gunicorn on an empty store, watched by nobody."""
    eventually(lambda: gunicorn.feed()["viewers"] == 0)
    gunicorn.get("/test/forget")
    return gunicorn


@pytest.fixture
def own_web(url, room):
    """One that the test may change or stop. Settings of its own by name."""
    started = []

    def start(at=url, **environ):
        started.append(StageServer(at, **environ))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def watch(gunicorn):
    """Open screens on `web`, or on another; all of them are closed at the end."""
    screens = []

    def open_one(other=None, **how):
        screens.append(StreamClient((other or gunicorn).port, **how))
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.leaves()
