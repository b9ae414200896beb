"""One of the app's numbers dials another one."""

import pytest

from ringback.calls.loopback import would_loop
from ringback.testing.waiting import eventually
from support.exchange import NUMBER

SECOND = "+441632960100"


@pytest.fixture
def front_desk(app, exchange):
    """The app's first number puts callers through to its second, which has a menu."""
    exchange.client().incoming_phone_numbers.create(
        phone_number=SECOND,
        voice_url=f"{app.origin}/second",
        status_callback=f"{app.origin}/second-done",
    )
    app.answers["/voice"] = f'<Response><Dial action="/after">{SECOND}</Dial></Response>'
    app.answers["/second"] = (
        '<Response><Gather numDigits="1" action="/menu"><Say>Press a key</Say></Gather><Say>Nothing</Say></Response>'
    )
    app.answers["/menu"] = lambda asked: f"<Response><Say>You pressed {asked['Digits']}</Say></Response>"
    app.answers["/after"] = lambda asked: f"<Response><Say>That was {asked['DialCallStatus']}</Say></Response>"
    app.answers["/second-done"] = ""
    return app


def test_caller_reaches_the_menu_of_the_second_number(front_desk, exchange, ada):
    ada.dials()
    ada.hears("Press a key")
    ada.presses("7")
    ada.hears("Press a key", "You pressed 7", "That was completed")
    asked, done = front_desk.at("/second")[0], front_desk.was_asked("/second-done")[0]
    assert (asked["From"], asked["To"], asked["Direction"]) == (ada.number, SECOND, "inbound")
    assert (asked["CallStatus"], done["CallStatus"], done["CallSid"]) == ("ringing", "completed", asked["CallSid"])
    after = front_desk.at("/after")[0]
    assert after["DialCallSid"] not in (asked["CallSid"], ada.sid)
    calls = {call.sid: call for call in exchange.client().calls.list()}
    assert calls[after["DialCallSid"]].parent_call_sid == ada.sid
    assert {call.status for call in calls.values()} == {"completed"}
    assert exchange.alerts() == []
    assert [handset["number"] for handset in exchange.get("/handsets")["handsets"]] == [ada.number]
    assert len(exchange.get(f"{ada.door}/calls")["calls"]) == 1


def test_speech_passes_in_both_directions(front_desk, exchange, ada):
    front_desk.answers["/second"] = (
        '<Response><Gather input="speech" action="/order"><Say>Yes?</Say></Gather></Response>'
    )
    front_desk.answers["/order"] = lambda asked: f"<Response><Say>One {asked['SpeechResult']}</Say></Response>"
    ada.dials()
    ada.hears("Yes?")
    ada.speaks("pizza")
    ada.hears("Yes?", "One pizza", "That was completed")


def test_last_words_before_the_hang_up_are_heard(front_desk, ada):
    front_desk.answers["/second"] = "<Response><Say>We are closed</Say><Say>Goodbye</Say></Response>"
    ada.dials()
    ada.hears("We are closed", "Goodbye", "That was completed")


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_rejecting_number_is_busy(front_desk, ada, reason, status):
    front_desk.answers["/second"] = f'<Response><Reject reason="{reason}"/></Response>'
    ada.dials()
    ada.hears(f"That was {status}")


def test_both_calls_end_when_the_caller_hangs_up(front_desk, exchange, ada):
    ada.dials()
    ada.hears("Press a key")
    ada.hangs_up()
    assert front_desk.was_asked("/second-done")[0]["CallStatus"] == "completed"
    eventually(lambda: {call.status for call in exchange.client().calls.list()} == {"completed"})


def test_unanswered_number_times_out(front_desk, exchange, ada):
    front_desk.answers["/voice"] = f'<Response><Dial timeout="5" action="/after">{SECOND}</Dial></Response>'
    front_desk.answers["/second"] = lambda asked: exchange.state.clock.sleep(60)
    ada.dials()
    front_desk.was_asked("/second")
    exchange.time_passes(5)
    ada.hears("That was no-answer")
    assert front_desk.was_asked("/second-done")[0]["CallStatus"] == "canceled"


def test_two_people_are_connected_through_two_numbers(front_desk, exchange, ada, ben):
    front_desk.answers["/second"] = f"<Response><Dial>{ben.number}</Dial></Response>"
    ada.dials()
    ben.answers()
    ada.speaks("Is that Ben?")
    ben.hears("Is that Ben?")
    ben.speaks("It is")
    ada.hears("It is")
    assert ben.call()["with"] == ada.number


def test_call_loop_is_stopped(front_desk, exchange, ada):
    front_desk.answers["/second"] = f'<Response><Dial action="/second-after">{NUMBER}</Dial></Response>'
    front_desk.answers["/second-after"] = "<Response><Say>Round and round</Say></Response>"
    ada.dials()
    ada.hears("Round and round", "That was completed")
    assert "would lead the call back" in exchange.warns(13224)["message"]
    assert len(front_desk.at("/second")) == 1


def test_chain_of_numbers_is_limited():
    assert not would_loop(("+1", "+2"), "+3")
    assert would_loop(("+1", "+2", "+3"), "+4")


def test_app_can_call_itself(front_desk, exchange):
    def first(asked):
        said = asked.get("SpeechResult")
        if said:
            return f"<Response><Say>I heard {said}</Say></Response>"
        return '<Response><Gather input="speech"><Pause length="30"/></Gather></Response>'

    front_desk.answers["/first"] = first
    front_desk.answers["/second"] = "<Response><Say>Good morning</Say><Pause length='30'/></Response>"
    made = exchange.client().calls.create(to=SECOND, from_=NUMBER, url=f"{front_desk.origin}/first")
    asked = front_desk.was_asked("/first", 2)[1]
    assert (asked["CallSid"], asked["SpeechResult"]) == (made.sid, "Good morning")
    eventually(lambda: {call.status for call in exchange.client().calls.list()} == {"completed"})
