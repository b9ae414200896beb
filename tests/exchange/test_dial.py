"""A caller is put through to somebody else."""

import pytest
from aiohttp import web

from tests.exchange.conftest import NUMBER, Person, eventually


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


def test_without_an_action_the_document_goes_on(app, ada, ben):
    app.answers["/voice"] = dial(after="<Say>That was Ben</Say>")
    ada.dials()
    ben.answers()
    ben.hangs_up()
    ada.hears("That was Ben")


def test_an_action_that_answers_nothing_hangs_up(app, ada, ben):
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
def test_the_action_is_told_how_it_went(app, exchange, ada, ben, behaviour, status):
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


def test_a_declined_call_is_busy(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    ben.sid = exchange.get(f"{ben.door}/calls")["calls"][0]["sid"]
    eventually(lambda: ben.call()["status"] == "ringing")
    ben.hangs_up()
    ada.hears("busy")


def test_when_the_caller_leaves_first_the_other_is_let_go_and_the_action_still_asked(app, ada, ben):
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


def test_when_the_caller_gives_up_the_phone_stops_ringing(app, exchange, ada, ben):
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


def test_phones_can_be_rung_one_after_the_other(app, exchange, ada, ben, cyd):
    app.answers["/voice"] = dial(
        'sequential="true"', f"<Number>{ben.number}</Number><Number>{cyd.number}</Number>", after=""
    )
    ben.behaves("busy")
    cyd.behaves("answers")
    ada.dials()
    ada.listens_for("talk")
    calls = exchange.client().calls.list(parent_call_sid=ada.sid)
    assert sorted((call.to, call.status) for call in calls) == [(ben.number, "busy"), (cyd.number, "in-progress")]


def test_the_one_called_hears_a_whisper_first_and_may_refuse(app, ada, ben):
    app.answers["/voice"] = dial('action="/after"', f'<Number url="/whisper">{ben.number}</Number>')
    app.answers["/whisper"] = (
        '<Response><Gather numDigits="1" action="/accept"><Say>Press 1</Say></Gather><Hangup/></Response>'
    )
    app.answers["/accept"] = lambda asked: "<Response/>" if asked["Digits"] == "1" else "<Response><Hangup/></Response>"
    app.answers["/after"] = lambda asked: (
        f"<Response><Say>{asked['DialCallStatus']}, bridged: {asked['DialBridged']}</Say></Response>"
    )
    ada.dials()
    ben.answers()
    ben.hears("Press 1")
    ben.presses("1")
    ada.listens_for("talk")
    asked = app.at("/whisper")[0]
    assert (asked["CallSid"], asked["ParentCallSid"], asked["Direction"]) == (ben.sid, ada.sid, "outbound-dial")
    ben.hangs_up()
    ada.hears("completed, bridged: true")
    ada.dials()
    ben.answers()
    ben.presses("2")
    ada.hears("no-answer, bridged: false")


@pytest.mark.parametrize("keyed", ["441632960002", "+44 (1632) 960-002"])
def test_a_number_may_be_written_as_people_key_it(app, ada, ben, keyed):
    app.answers["/voice"] = dial(inner=keyed)
    ada.dials()
    ben.answers()
    assert ada.listens_for("talk") == {"with": ben.number}


def test_ten_digits_are_a_north_american_number(app, exchange, ada):
    app.answers["/voice"] = dial(inner="415-555-0100")
    ada.dials()
    Person(exchange, "+14155550100").answers()
    assert ada.listens_for("talk") == {"with": "+14155550100"}


def test_a_whisper_cannot_dial(app, exchange, ada, ben):
    app.answers["/voice"] = dial(inner=f'<Number url="/whisper">{ben.number}</Number>')
    app.answers["/whisper"] = "<Response><Dial>+441632960003</Dial></Response>"
    ada.dials()
    ben.answers()
    exchange.warns(13201)
    ada.listens_for("talk")


def test_each_number_can_have_its_own_callbacks(app, ada, ben):
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


def test_a_star_hangs_up_the_other_where_asked_for(app, ada, ben):
    app.answers["/voice"] = dial('hangupOnStar="true"', after="<Say>Done</Say>")
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    ada.presses("*")
    ben.is_left_with("completed")
    ada.hears("Done")


def test_talk_has_a_limit(app, exchange, ada, ben):
    app.answers["/voice"] = dial('timeLimit="60"', after="<Say>Time is up</Say>")
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.time_passes(60)
    ada.hears("Time is up")
    ben.is_left_with("completed")


def test_a_call_may_stay_unanswered_until_the_other_picks_up(app, exchange, ada, ben):
    app.answers["/voice"] = dial('answerOnBridge="true"', after="")
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    assert ada.call()["status"] == "ringing"
    ben.answers()
    ada.is_left_with("in-progress")


def test_what_is_shown_to_the_one_called(app, exchange, ada, ben):
    app.answers["/voice"] = dial()
    ada.dials()
    ben.answers()
    assert ben.call()["with"] == ada.number
    ben.hangs_up()
    app.answers["/voice"] = dial(f'callerId="{NUMBER}"')
    ada.dials()
    ben.answers()
    assert ben.call()["with"] == NUMBER
    app.answers["/voice"] = dial('callerId="+15550001111"')
    ada.dials()
    exchange.warns(13214)


@pytest.mark.parametrize("options", [{"verified": ("+15550001111",)}], ids=["verified"])
def test_a_verified_number_may_be_shown(app, exchange, ada, ben):
    app.answers["/voice"] = dial('callerId="+15550001111"')
    ada.dials()
    ben.answers()
    assert ben.call()["with"] == "+15550001111"
    ben.hangs_up()
    exchange.client().calls.create(to=ben.number, from_="+15550001111", twiml="<Response/>")
    assert exchange.alerts() == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (dial(inner=""), 13215),
        (dial(inner="nobody"), 13223),
        (dial(inner=NUMBER), 13224),
        (dial(inner="<Sip>sip:x@h.example</Sip>"), 13215),
        (dial('timeout="soon"', inner="nobody"), 13212),
        (dial('method="PUT" action="/after"', inner="nobody"), 13210),
        (dial(inner="<Number>nobody</Number><say>x</say>"), 12200),
    ],
)
def test_mistakes_are_named(app, exchange, ada, document, code):
    app.answers["/voice"] = document
    ada.dials()
    exchange.warns(code)


def test_a_conversation_can_be_recorded(app, exchange, ada, ben):
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


def test_the_one_called_can_be_taken_elsewhere(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked.get('DialCallDuration')}</Say></Response>"
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.client().calls(ben.sid).update(
        twiml="<Response><Say>You are elsewhere</Say><Pause length='9'/></Response>"
    )
    ben.hears("You are elsewhere")
    ada.hears("None")
    assert ben.call()["status"] == "in-progress"


def test_the_caller_can_be_taken_elsewhere(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.client().calls(ada.sid).update(twiml="<Response><Say>You are elsewhere</Say></Response>")
    ada.hears("You are elsewhere")
    ben.is_left_with("completed")
    assert app.at("/after") == []


def test_a_client_is_called_by_its_name(app, exchange, ada):
    from tests.exchange.conftest import Person

    app.answers["/voice"] = dial(inner="<Client>ben</Client><Client><Identity>ada</Identity></Client>")
    ada.dials()
    browser = Person(exchange, "client:ben")
    browser.answers()
    ada.listens_for("talk")
    assert browser.call()["to"] == "client:ben"


def test_one_handset_calls_another_without_the_app(exchange, ada, ben):
    ada.dials(to=ben.number)
    ben.answers()
    ada.speaks("Only you and me")
    ben.hears("Only you and me")
    ben.hangs_up()
    ada.is_left_with("completed")
    assert exchange.client().calls.list() == []


def test_an_unanswered_call_between_handsets_says_why(exchange, ada, ben):
    ben.behaves("busy")
    ada.dials(to=ben.number)
    ada.is_left_with("busy")


def test_a_leg_fails_without_a_trace(app, exchange, ada):
    app.answers["/voice"] = dial(inner='<Number url="/broken">+441632960002</Number>', after="<Say>Sorry</Say>")
    app.answers["/broken"] = lambda asked: web.Response(status=500)
    exchange.person("2").behaves("answers")
    ada.dials()
    ada.hears("Sorry")
    assert 12400 not in exchange.alerts()
