"""Dial connects the caller to another phone."""

import pytest

from ringback.testing.waiting import eventually


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


def test_two_people_are_connected_and_hear_each_other(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    ada.dials()
    ben.answers()
    assert ada.listens_for("talk") == {"with": ben.number}
    ada.speaks("Hello Ben")
    ben.hears("Hello Ben")
    ben.speaks("Hello Ada")
    ada.hears("Hello Ada")
    ben.hangs_up()
    ada.hears("Hello Ada", "completed")
    asked = app.at("/after")[0]
    assert (asked["DialBridged"], asked["DialCallDuration"]) == ("true", "0")
    assert asked["DialCallSid"] == ben.sid
    assert exchange.client().calls(ben.sid).fetch().parent_call_sid == ada.sid
    assert exchange.client().calls(ben.sid).fetch().direction == "outbound-dial"


def test_document_continues_if_dial_has_no_action(app, ada, ben):
    app.answers["/voice"] = dial(after="<Say>That was Ben</Say>")
    ada.dials()
    ben.answers()
    ben.hangs_up()
    ada.hears("That was Ben")


def test_empty_response_to_the_action_hangs_up(app, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = ""
    ada.dials()
    ben.answers()
    ben.hangs_up()
    ada.is_left_with("completed")
    assert ada.heard() == []


@pytest.mark.parametrize(
    ("behaviour", "status"), [("busy", "busy"), ("fails", "failed"), ("answers", "completed"), ("rings", "no-answer")]
)
def test_action_gets_the_dial_call_status(app, exchange, ada, ben, behaviour, status):
    app.answers["/voice"] = dial('action="/after" timeout="10" timeLimit="60"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    ben.behaves(behaviour)
    ada.dials()
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]][:1] == ["Ring"])
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"][0]["status"] not in ("queued", "initiated"))
    exchange.time_passes(10)
    exchange.time_passes(60)
    ada.hears(status)


def test_declined_call_is_busy(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    ben.sid = exchange.get(f"{ben.door}/calls")["calls"][0]["sid"]
    eventually(lambda: ben.call()["status"] == "ringing")
    ben.hangs_up()
    ada.hears("busy")


def test_when_the_caller_hangs_up_the_leg_ends_and_the_action_is_requested(app, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = ""
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    ada.hangs_up()
    ben.is_left_with("completed")
    asked = app.was_asked("/after")[0]
    assert (asked["DialCallStatus"], asked["CallStatus"]) == ("completed", "completed")
    app.was_asked("/done")


def test_phone_stops_ringing_when_the_caller_hangs_up(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = ""
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    ben.sid = exchange.get(f"{ben.door}/calls")["calls"][0]["sid"]
    ada.hangs_up()
    ben.is_left_with("canceled")
    assert app.was_asked("/after")[0]["DialCallStatus"] == "canceled"


def test_several_phones_ring_and_the_first_to_answer_wins(app, exchange, ada, ben, cyd):
    app.answers["/voice"] = dial(inner=f"<Number>{ben.number}</Number><Number>{cyd.number}</Number>")
    ada.dials()
    cyd.answers()
    ada.listens_for("talk")
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"][0]["status"] == "canceled")
    cyd.speaks("It is Cyd")
    ada.hears("It is Cyd")


def test_phones_can_ring_one_after_another(app, exchange, ada, ben, cyd):
    app.answers["/voice"] = dial(
        'sequential="true"', f"<Number>{ben.number}</Number><Number>{cyd.number}</Number>", after=""
    )
    ben.behaves("busy")
    cyd.behaves("answers")
    ada.dials()
    ada.listens_for("talk")
    calls = exchange.client().calls.list(parent_call_sid=ada.sid)
    assert sorted((call.to, call.status) for call in calls) == [(ben.number, "busy"), (cyd.number, "in-progress")]


def test_each_number_can_have_its_own_status_callback(app, ada, ben):
    inner = (
        '<Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">'
        f"{ben.number}</Number>"
    )
    app.answers["/voice"] = dial(inner=inner)
    app.answers["/leg"] = ""
    ada.dials()
    ben.answers()
    ben.hangs_up()
    told = sorted(app.was_asked("/leg", times=4), key=lambda asked: int(asked["SequenceNumber"]))
    assert [asked["CallStatus"] for asked in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert {asked["ParentCallSid"] for asked in told} == {ada.sid}


def test_star_hangs_up_the_leg_if_hangup_on_star_is_set(app, ada, ben):
    app.answers["/voice"] = dial('hangupOnStar="true"', after="<Say>Done</Say>")
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    ada.presses("*")
    ben.is_left_with("completed")
    ada.hears("Done")


def test_time_limit_ends_the_dial(app, exchange, ada, ben):
    app.answers["/voice"] = dial('timeLimit="60"', after="<Say>Time is up</Say>")
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.time_passes(60)
    ada.hears("Time is up")
    ben.is_left_with("completed")


@pytest.mark.parametrize("value", ["true", "True"])
def test_answer_on_bridge_keeps_the_call_ringing_until_the_leg_answers(app, exchange, ada, ben, value):
    app.answers["/voice"] = dial(f'answerOnBridge="{value}"', after="")
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    assert ada.call()["status"] == "ringing"
    ben.answers()
    ada.is_left_with("in-progress")


def test_answer_on_bridge_that_is_neither_true_nor_false_is_reported(app, exchange, ada, ben):
    app.answers["/voice"] = dial('answerOnBridge="yes"', after="")
    ada.dials()
    ben.answers()
    exchange.warns(13219)


@pytest.mark.parametrize(("digits", "heard"), [("ww12#", ["ww12#"]), ("1,2", [])])
def test_digits_are_sent_to_the_phone_that_answers(app, exchange, ada, ben, digits, heard):
    app.answers["/voice"] = dial("", f'<Number sendDigits="{digits}">{ben.number}</Number>')
    ada.dials()
    ben.answers()
    ben.listens_for("talk")
    assert [item["digits"] for item in ben.call()["heard"] if item["verb"] == "Tones"] == heard
    assert exchange.alerts() == ([] if heard else [13222])


def test_dial_can_be_recorded(app, exchange, ada, ben):
    app.answers["/voice"] = dial('record="record-from-answer-dual" action="/after" recordingStatusCallback="/kept"')
    app.answers["/after"] = app.answers["/kept"] = ""
    ada.dials()
    ben.answers()
    ada.speaks("Hello Ben")
    ben.speaks("Hello Ada")
    ben.hangs_up()
    url = app.was_asked("/after")[0]["RecordingUrl"]
    assert exchange.request("GET", url.removeprefix(exchange.origin))[0] == 200
    told = app.was_asked("/kept")[0]
    assert (told["RecordingSource"], told["RecordingChannels"]) == ("DialVerb", "2")


def test_two_phones_that_answer_at_once_are_not_both_kept(app, ada, ben, cyd):
    ben.behaves("answers")
    cyd.behaves("answers")
    numbers = f"<Number>{ben.number}</Number><Number>{cyd.number}</Number>"
    app.answers["/voice"] = f"<Response><Dial>{numbers}</Dial></Response>"
    ada.dials()
    assert ada.listens_for("talk") == {"with": ben.number}
    cyd.is_called()
    cyd.is_left_with("completed")


@pytest.mark.parametrize("noun", ["<Conference>room</Conference>", "<Queue>support</Queue>"])
def test_caller_is_answered_on_the_bridge_to_a_conference_or_a_queue(app, ada, ben, noun):
    enqueue = '<Enqueue waitUrl="">support</Enqueue>'
    join = enqueue if "Queue" in noun else f"<Dial>{noun}</Dial>"
    app.answers["/voice"] = lambda asked: (
        f"<Response>{join}</Response>" if asked["From"] == ben.number else dial('answerOnBridge="true"', noun)
    )
    ada.dials()
    ben.dials()
    ben.listens_for("talk")
    ada.speaks("Hello")
    ben.hears("Hello")
    assert ada.call()["status"] == "in-progress"
    ada.hangs_up()
    ada.is_left_with("completed")
