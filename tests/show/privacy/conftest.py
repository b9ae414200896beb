"""The jobs of a worker, and two people."""

import pytest

import events
from sending.twilio.gateway import TwilioGateway
from show.privacy import purge
from tests.show.privacy.records import OTHER
from tests.support.person import Person
from workers import answer_delivery


@pytest.fixture
def busy_stage(redis):
    """As many events as are kept, all about other people."""
    pipe = redis.pipeline(transaction=False)
    for _ in range(events.MAX_EVENTS):
        events.publish(pipe, "show.changed")
    pipe.execute()


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    """The worker's gateway, for the jobs."""
    found = TwilioGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: found)
    monkeypatch.setattr(purge, "get_gateway", lambda: found)
    return found


@pytest.fixture
def talk(app):
    return app.extensions["talk"]


@pytest.fixture
def other(post_as_twilio):
    return Person(post_as_twilio, OTHER)
