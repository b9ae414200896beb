"""Speech recognition: partial results and the final one."""

import itertools

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.testing.waiting import eventually
from ringback.transcribing.partial_results import MAX_PARTIAL_RESULTS, growing_prefixes

GATHER = '<Response><Gather input="speech" action="/order" {}><Say>What would you like?</Say></Gather></Response>'


@pytest.fixture
def waiter(app):
    app.answers["/order"] = lambda asked: f"<Response><Say>{asked['SpeechResult']}</Say></Response>"
    app.answers["/so-far"] = lambda asked: web.Response(status=204)
    return app


def test_app_gets_partial_results(waiter, exchange, ada):
    waiter.answers["/voice"] = GATHER.format('partialResultCallback="/so-far" language="en-GB"')
    ada.dials()
    ada.speaks("two large pizzas please")
    ada.hears("What would you like?", "two large pizzas please")
    told = waiter.at("/so-far")
    assert [asked["UnstableSpeechResult"] for asked in told] == [
        "two",
        "two large",
        "two large pizzas",
        "two large pizzas please",
    ]
    assert [asked["StableSpeechResult"] for asked in told] == ["", "two", "two large", "two large pizzas"]
    assert [asked["SequenceNumber"] for asked in told] == ["0", "1", "2", "3"]
    assert (told[0]["CallSid"], told[0]["Language"], told[0]["CallStatus"]) == (ada.sid, "en-GB", "in-progress")
    assert [asked.path for asked in waiter.asked].index("/order") == len(told) + 1
    assert exchange.alerts() == []


def test_partial_results_can_be_sent_by_get(waiter, ada):
    waiter.answers["/voice"] = GATHER.format('partialResultCallback="/so-far" partialResultCallbackMethod="get"')
    ada.dials()
    ada.speaks("tea")
    assert waiter.was_asked("/so-far")[0].method == "GET"


def test_slow_callback_does_not_delay_the_call(waiter, exchange, ada):
    waiter.answers["/voice"] = GATHER.format('partialResultCallback="/so-far"')
    waiter.answers["/so-far"] = lambda asked: exchange.state.clock.sleep(60)
    ada.dials()
    ada.speaks("tea please")
    waiter.was_asked("/so-far")
    exchange.time_passes(3)
    ada.hears("What would you like?", "tea please")


def test_app_can_redirect_the_call_before_the_sentence_ends(waiter, exchange, ada):
    def listens(asked):
        if asked["UnstableSpeechResult"].endswith("help"):
            twiml = "<Response><Say>Help is coming</Say><Pause length='9'/></Response>"
            exchange.loop.call_soon(exchange.loop.run_in_executor, None, redirect, twiml)
            return exchange.state.clock.sleep(60)
        return web.Response(status=204)

    def redirect(twiml):
        exchange.client().calls(ada.sid).update(twiml=twiml)

    waiter.answers["/voice"] = GATHER.format('partialResultCallback="/so-far"')
    waiter.answers["/so-far"] = listens
    ada.dials()
    ada.speaks("please help me out of here")
    ada.hears("What would you like?", "Help is coming")
    assert waiter.at("/order") == []


def test_failed_callback_is_reported_and_the_call_continues(waiter, exchange, ada):
    waiter.answers["/voice"] = GATHER.format('partialResultCallback="/gone"')
    ada.dials()
    ada.speaks("tea")
    ada.hears("What would you like?", "tea")
    exchange.warns(11217)


def test_max_speech_time_ends_the_speech(waiter, exchange, ada):
    waiter.answers["/voice"] = GATHER.format('maxSpeechTime="1"')
    ada.dials()
    ada.speaks("two large pizzas with everything on them")
    ada.hears("What would you like?", "two large")


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ('speechTimeout="soon"', 13327),
        ('speechTimeout="0"', 13327),
        ('maxSpeechTime="0"', 13328),
        ('speechModel="telepathy"', 13334),
        ('speechModel="phone_call" speechTimeout="auto"', 13335),
        ('profanityFilter="yes"', 13333),
        ('enhanced="yes"', 13339),
        ('debug="yes"', 13336),
        ('bargeIn="yes"', 13332),
        (f'hints="{"x" * 101}"', 13330),
    ],
)
def test_invalid_attributes_are_reported(waiter, exchange, ada, attribute, code):
    waiter.answers["/voice"] = GATHER.format(attribute)
    ada.dials()
    assert "nothing" not in exchange.warns(code)["message"]
    ada.speaks("tea")
    ada.hears("What would you like?", "tea")


@pytest.mark.parametrize("model", ["experimental_utterances", "googlev2_telephony", "deepgram_nova-2-general"])
def test_models_that_twilio_lists_are_accepted(waiter, exchange, ada, model):
    waiter.answers["/voice"] = GATHER.format(f'speechModel="{model}" speechTimeout="3"')
    ada.dials()
    ada.speaks("tea")
    ada.hears("What would you like?", "tea")
    assert exchange.alerts() == []


@pytest.mark.parametrize(
    ("attribute", "heard"), [("", "this is b*******"), ('profanityFilter="false"', "this is bollocks")]
)
def test_profanity_is_filtered_unless_the_app_turns_the_filter_off(waiter, ada, attribute, heard):
    waiter.answers["/voice"] = GATHER.format(attribute)
    ada.dials()
    ada.speaks("this is bollocks")
    ada.hears("What would you like?", heard)


def is_heard(person, words):
    eventually(lambda: (person.call()["listening"] or {}).get("gather", {}).get("speech") == words, words)


def says(person, words, recognized):
    """Speaks, and waits until the Gather has heard it."""
    person.speaks(words)
    is_heard(person, recognized)


SPOKEN_IN_REAL_TIME = pytest.mark.parametrize("options", [{"pace": 1.0}], ids=["real time"])
SILENT_GATHER = '<Response><Gather input="dtmf speech" action="/order" {}/></Response>'


@SPOKEN_IN_REAL_TIME
def test_caller_may_pause_for_less_than_the_speech_timeout(waiter, exchange, ada):
    waiter.answers["/voice"] = SILENT_GATHER.format('speechTimeout="3"')
    ada.dials()
    says(ada, "two pizzas", "two pizzas")
    exchange.time_passes(2)
    assert ada.call()["listening"]["gather"]["speech_timeout"] == 3
    says(ada, "and tea", "two pizzas and tea")
    exchange.time_passes(2)
    assert waiter.at("/order") == []
    exchange.time_passes(1)
    assert waiter.was_asked("/order")[0]["SpeechResult"] == "two pizzas and tea"


@SPOKEN_IN_REAL_TIME
@pytest.mark.parametrize(("attributes", "seconds"), [('timeout="4"', 4), ('timeout="9" speechTimeout="auto"', 0)])
def test_speech_timeout_is_the_timeout_unless_set_and_auto_ends_at_the_first_pause(
    waiter, exchange, ada, attributes, seconds
):
    waiter.answers["/voice"] = SILENT_GATHER.format(attributes)
    ada.dials()
    ada.speaks("tea")
    if seconds:
        is_heard(ada, "tea")
    exchange.time_passes(seconds)
    assert waiter.was_asked("/order")[0]["SpeechResult"] == "tea"


@SPOKEN_IN_REAL_TIME
def test_a_key_during_the_pause_does_not_replace_the_speech(waiter, exchange, ada):
    waiter.answers["/voice"] = SILENT_GATHER.format('speechTimeout="3"')
    ada.dials()
    says(ada, "tea", "tea")
    ada.presses("7#")
    exchange.time_passes(3)
    assert waiter.was_asked("/order")[0].get("Digits") is None


@SPOKEN_IN_REAL_TIME
def test_partial_results_continue_after_a_pause(waiter, exchange, ada):
    waiter.answers["/voice"] = SILENT_GATHER.format('speechTimeout="3" partialResultCallback="/so-far"')
    ada.dials()
    says(ada, "tea", "tea")
    exchange.time_passes(1)
    waiter.was_asked("/so-far")
    says(ada, "please", "tea please")
    exchange.time_passes(1)
    told = waiter.was_asked("/so-far", times=2)
    assert [asked["UnstableSpeechResult"] for asked in told] == ["tea", "tea please"]
    assert [asked["SequenceNumber"] for asked in told] == ["0", "1"]


@settings(max_examples=30)
@given(st.lists(st.text("abc", min_size=1), min_size=1).map(" ".join))
def test_partial_results_grow_to_the_whole_in_a_few_steps(words):
    parts = list(growing_prefixes(words))
    assert parts[-1] == words
    assert 1 <= len(parts) <= MAX_PARTIAL_RESULTS
    assert all(longer.startswith(f"{shorter} ") for shorter, longer in itertools.pairwise(parts))


def test_speech_after_the_first_key_does_not_extend_the_timeout(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather input="dtmf speech" action="/menu"/></Response>'
    app.answers["/menu"] = lambda asked: f"<Response><Say>{asked['Digits']}</Say></Response>"
    ada.dials()
    ada.presses("1")
    exchange.time_passes(3)
    ada.speaks("hm")
    exchange.time_passes(3)
    ada.hears("1")
