"""The fallback of a call: a step that failed is tried once more, then the caller hears an apology."""

import pytest

from tests.support.person import ME, NUMBER, PUBLIC_URL

APOLOGY = "something went wrong on our side"


@pytest.fixture
def falls_back(person):
    """Twilio got no valid document from this URL, and asks the fallback."""

    def post(url, code="11217"):
        return person._listens("/voice/fallback", {"From": ME, "To": NUMBER, "ErrorUrl": url, "ErrorCode": code})

    return post


def test_caller_whose_call_was_not_answered_gets_the_greeting_after_a_moment(falls_back):
    caller = falls_back(f"{PUBLIC_URL}/voice")
    assert caller.heard == "One moment, please."
    assert caller.waits().heard.startswith("Hello, this is")


def test_caller_whose_key_was_lost_gets_the_menu_again(falls_back, person):
    menu = person.dials().next.partition("#")[0]
    caller = falls_back(f"{PUBLIC_URL}{menu}").waits()
    assert caller.heard.startswith("I did not hear anything.")
    assert caller.presses("1").heard.startswith("It is ")


def test_caller_whose_key_was_processed_gets_the_response_that_was_lost(falls_back, person):
    menu = person.dials().next.partition("#")[0]
    heard = person.presses("1").heard
    assert falls_back(f"{PUBLIC_URL}{menu}").waits().heard == heard


def test_second_failure_of_a_step_ends_in_an_apology(falls_back):
    retried = falls_back(f"{PUBLIC_URL}/voice").redirect.partition("#")[0]
    caller = falls_back(PUBLIC_URL + retried)
    assert APOLOGY in caller.heard
    assert caller.verbs == ["Say", "Hangup"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{PUBLIC_URL}/voice", "12100"),
        (f"{PUBLIC_URL}/", "11217"),
        ("https://evil.example/voices", "11217"),
        ("https://[evil/voice", "11217"),
        ("", ""),
    ],
)
def test_other_failures_end_in_an_apology(falls_back, url, code):
    assert APOLOGY in falls_back(url, code).heard


def test_redirect_stays_on_our_host(falls_back):
    assert falls_back("https://evil.example/voice?doc=1").redirect.startswith("/voice?doc=1")
