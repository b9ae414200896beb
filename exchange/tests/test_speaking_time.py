"""Speech takes as long as a person needs for it, unless it is interrupted."""

import pytest

from ringback.testing.waiting import eventually
from support.exchange import NUMBER

LONG = "This takes much longer to say than anyone who knows the menu is willing to listen. " * 5


@pytest.fixture
def options():
    return {"pace": 1.0}


def test_key_interrupts_the_prompt(app, ada):
    app.answers["/voice"] = f'<Response><Gather numDigits="1" action="/menu"><Say>{LONG}</Say></Gather></Response>'
    app.answers["/menu"] = "<Response><Hangup/></Response>"
    ada.dials()
    ada.presses("1")
    ada.is_left_with("completed")
    said = ada.call()["heard"][0]
    assert said["interrupted"] is True
    assert said["ended"]
    assert said["seconds"] > 20


def test_first_of_several_keys_interrupts_the_prompt(app, ada):
    app.answers["/voice"] = f'<Response><Gather numDigits="2" action="/menu"><Say>{LONG}</Say></Gather></Response>'
    ada.dials()
    ada.presses("1")
    eventually(lambda: ada.call()["heard"][0]["interrupted"])
    assert ada.listens_for("gather")["digits"] == "1"


def test_speech_interrupts_the_prompt_unless_barge_in_is_off(app, exchange, ada):
    app.answers["/voice"] = (
        f'<Response><Gather input="speech" bargeIn="false" action="/menu"><Say>{LONG}</Say></Gather></Response>'
    )
    app.answers["/menu"] = "<Response><Hangup/></Response>"
    ada.dials()
    ada.speaks("pizza")
    exchange.time_passes(60)
    ada.is_left_with("completed")
    assert ada.call()["heard"][0]["interrupted"] is False
    assert app.at("/menu")[0]["SpeechResult"] == "pizza"


def test_handset_that_speaks_aloud_reports_the_end(app, exchange, ada):
    app.answers["/voice"] = f"<Response><Say>{LONG}</Say><Say>Bye</Say></Response>"
    ada.dials()
    eventually(lambda: len(ada.heard()) == 1)
    spoken = f"{ada.door}/calls/{ada.sid}/spoken"
    exchange.post(spoken, {"id": 1, "speaking": True})
    exchange.time_passes(60)
    assert len(ada.heard()) == 1
    exchange.post(spoken, {"id": 1})
    eventually(lambda: len(ada.heard()) == 2)
    assert exchange.refuses(spoken, {"id": 9})[0] == 404


def test_handset_that_never_reports_the_end_times_out(app, exchange, ada):
    app.answers["/voice"] = f"<Response><Say>{LONG}</Say><Say>Bye</Say></Response>"
    ada.dials()
    eventually(lambda: len(ada.heard()) == 1)
    exchange.post(f"{ada.door}/calls/{ada.sid}/spoken", {"id": 1, "speaking": True})
    exchange.time_passes(300)
    eventually(lambda: len(ada.heard()) == 2)


def test_interrupted_prompt_is_cut_in_the_recording(app, exchange, ada):
    prompt = "one two three four five six seven eight nine ten " * 4
    app.answers["/menu"] = f'<Response><Gather numDigits="1" action="/next"><Say>{prompt}</Say></Gather></Response>'
    app.answers["/next"] = ""
    ada.behaves("answers")
    made = exchange.client().calls.create(
        to=ada.number, from_=NUMBER, url=f"{app.origin}/menu", record=True, recording_track="outbound"
    )
    ada.sid = made.sid
    ada.listens_for("gather")
    exchange.time_passes(3)
    ada.presses("1")
    ada.is_left_with("completed")
    (recording,) = exchange.client().recordings.list(call_sid=made.sid)
    assert 3 <= int(recording.duration) <= 4
