"""The stage in gunicorn, and clients of its event stream."""

import pytest

from tests.support.stage import StageServer, StreamClient
from tests.support.stage_app import SMALL_TALK, make
from tests.support.timeline_of_events import TimelineOfEvents
from tests.support.waiting import eventually


@pytest.fixture
def app(url, stage_events):
    """The stage in place of the whole app."""
    return make(url, TALK=SMALL_TALK)


@pytest.fixture(scope="session")
def gunicorn(store):
    # No heartbeat, so that no test passes only because of one.
    running = StageServer(f"redis://127.0.0.1:{store.port}", TALK=SMALL_TALK, HEARTBEAT_SECONDS="3600")
    yield running
    running.stop()


@pytest.fixture
def web(gunicorn, stage_events):
    """Gunicorn on an empty Redis, without viewers."""
    eventually(lambda: gunicorn.feed()["viewers"] == 0)
    gunicorn.get("/test/forget")
    return gunicorn


@pytest.fixture
def own_web(url, stage_events):
    """Starts a server that the test may stop; keyword arguments are environment variables."""
    started = []

    def start(at=url, **environ):
        started.append(StageServer(at, TALK=SMALL_TALK, **environ))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def request_stream(web):
    """Requests the event stream of `web` or another server, and closes the connection at the end."""
    screens = []

    def request_one(other=None, **how):
        screens.append(StreamClient((other or web).port, **how))
        return screens[-1]

    yield request_one
    for screen in screens:
        screen.close()


@pytest.fixture
def watch(request_stream):
    """Opens the event stream; tries again, as browsers do, if a busy machine's server refuses it."""

    def open_one(*server, **how):
        screen = request_stream(*server, **how)
        return screen if screen.answer.status == 200 else None

    return lambda *server, **how: eventually(lambda: open_one(*server, **how), "the stream is open")


@pytest.fixture
def happens():
    """Applies events to a timeline. Returns the entry of each."""
    return TimelineOfEvents()
