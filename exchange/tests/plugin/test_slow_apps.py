"""An app that takes real time to respond loses nothing while a test moves the clock."""

import time

import pytest

PAUSES = "<Response><Pause length='5'/><Redirect>/slow</Redirect></Response>"
SLOWLY_ANSWERED = "<Response><Say>Here I am</Say><Pause length='60'/></Response>"


def slow_app(environ, start_response):
    document = PAUSES
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.3)
        document = SLOWLY_ANSWERED
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [document.encode()]


@pytest.fixture
def ringback_app():
    return slow_app


def test_time_passes_after_the_requests_in_flight_have_been_answered(ringback):
    call = ringback.phone().calls()
    ringback.time_passes(5)
    ringback.time_passes(20)
    call.hears("Here I am")


def test_requests_that_are_sent_meanwhile_are_answered_before_more_time_passes(ringback):
    call = ringback.phone().calls()
    ringback.time_passes(30)
    call.hears("Here I am")
