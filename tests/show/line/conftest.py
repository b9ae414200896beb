"""A `line` scene, two callers, and a fake Twilio that records what a worker asks of it."""

from types import SimpleNamespace

import pytest
from rq.job import Job

from sending.twilio.calls_and_media import CallEnded
from show import waiting_line
from tests.show.line.callers import OTHER, PRESENTER_CALL
from tests.support.person import Person


class FakeTwilio:
    """Records the requests to Twilio's REST API. `ended` are calls that have hung up."""

    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis
        self.redirected, self.dialed, self.completed, self.ended = [], [], [], set()
        self.client = SimpleNamespace(calls=self)
        self.create_error, self.on_create, self.presenter_calls = None, None, [PRESENTER_CALL]

    def __call__(self, sid):
        return SimpleNamespace(update=lambda status: self.completed.append((sid, status)))

    def create(self, **fields):
        self.dialed.append(fields)
        if self.create_error:
            raise self.create_error
        sid = self.presenter_calls.pop() if len(self.presenter_calls) > 1 else self.presenter_calls[0]
        if self.on_create:
            self.on_create(sid)
        return SimpleNamespace(sid=sid)

    def redirect_call(self, sid, url, number):
        if sid in self.ended:
            raise CallEnded
        self.redirected.append((sid, url))
        return True


@pytest.fixture
def line(go):
    return go("line")


@pytest.fixture
def twilio(settings, redis, monkeypatch):
    found = FakeTwilio(settings, redis)
    monkeypatch.setattr(waiting_line, "get_gateway", lambda: found)
    return found


@pytest.fixture
def act(app, redis, line, twilio):
    """The presenter's action; the worker then runs its jobs."""

    def perform(action, item=""):
        with app.app_context():
            line.perform(redis, action, item)
            queue = app.extensions["queues"].by_name["callers"]
            for id in queue.job_ids:
                job = Job.fetch(id, redis, serializer=queue.serializer)
                queue.remove(id)
                job.func(*job.args)

    return perform


@pytest.fixture
def ada(post_as_twilio):
    somebody = Person(post_as_twilio)
    somebody.call_sid = "CA" + "a" * 32
    return somebody


@pytest.fixture
def bob(post_as_twilio):
    somebody = Person(post_as_twilio, OTHER)
    somebody.call_sid = "CA" + "b" * 32
    return somebody
