"""Several people talk in one conference."""

from ringback.testing.waiting import eventually
from support.exchange import NUMBER


def conference(attributes="", dial=""):
    return f"<Response><Dial {dial}><Conference {attributes}>the room</Conference></Dial><Say>Over</Say></Response>"


def all_in(*people):
    for person in people:
        person.dials()
        assert person.listens_for("talk") == {"with": "the room"}


def test_everybody_hears_everybody_else(app, ada, ben, cyd):
    app.answers["/voice"] = conference()
    all_in(ada, ben, cyd)
    ada.speaks("Good morning")
    ben.hears("Good morning")
    cyd.hears("Good morning")
    assert ada.heard() == []


def test_first_participant_hears_music_until_the_second_joins(app, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada)
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]] == ["Music"])
    assert ada.call()["heard"][0]["ended"] is None
    all_in(ben)
    eventually(lambda: ada.call()["heard"][0]["ended"] is not None)


def test_wait_document_may_use_only_some_verbs(app, exchange, ada, ben):
    app.answers["/voice"] = conference('waitUrl="/wait"')
    app.answers["/wait"] = "<Response><Say>Please wait</Say><Dial>+441632960009</Dial><Pause length='99'/></Response>"
    all_in(ada)
    ada.hears("Please wait")
    exchange.warns(13238)
    all_in(ben)
    ada.speaks("Hello")
    ben.hears("Hello")


def test_hold_music_of_twilio_needs_no_network(app, exchange, ada, ben):
    app.answers["/voice"] = conference('waitUrl="http://twimlets.com/holdmusic?Bucket=com.twilio.music.classical"')
    all_in(ada)
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]][:1] == ["Play"])
    assert exchange.request("GET", ada.call()["heard"][0]["url"])[1].startswith(b"RIFF")
    all_in(ben)
    ada.speaks("Hello")
    ben.hears("Hello")
    assert exchange.alerts() == []


def test_conference_starts_with_a_participant_that_may_start_it(app, client, ada, ben, cyd):
    app.answers["/voice"] = conference('startConferenceOnEnter="false"')
    all_in(ada, ben)
    assert [room.status for room in client.conferences.list(status="init")] == ["init"]
    ada.speaks("Anybody?")
    app.answers["/voice"] = conference()
    all_in(cyd)
    ada.speaks("Now?")
    ben.hears("Now?")
    assert [room.status for room in client.conferences.list()] == ["in-progress"]


def test_conference_ends_when_a_participant_with_end_on_exit_leaves(app, client, ada, ben):
    app.answers["/voice"] = conference(dial='action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    all_in(ada)
    app.answers["/voice"] = conference('endConferenceOnExit="true"')
    all_in(ben)
    ben.hangs_up()
    ada.hears("answered")
    assert client.conferences.list() == []  # without a status, only those in progress
    (room,) = client.conferences.list(status="completed")
    assert (room.status, room.reason_conference_ended) == (
        "completed",
        "participant-with-end-conference-on-exit-left",
    )
    assert room.call_sid_ending_conference == ben.sid


def test_muted_participant_is_not_heard(app, client, ada, ben):
    app.answers["/voice"] = conference('muted="true"')
    all_in(ada)
    app.answers["/voice"] = conference()
    all_in(ben)
    ada.speaks("Can you hear me?")
    (room,) = client.conferences.list(status="in-progress")
    client.conferences(room.sid).participants(ada.sid).update(muted=False)
    ada.speaks("And now?")
    ben.hears("And now?")


def test_callbacks_arrive_in_order(app, ada, ben):
    app.answers["/events"] = ""
    app.answers["/voice"] = conference('statusCallback="/events" statusCallbackEvent="start end join leave mute"')
    all_in(ada, ben)
    ben.hangs_up()
    ada.hangs_up()
    told = sorted(app.was_asked("/events", times=6), key=lambda asked: int(asked["SequenceNumber"]))
    assert [asked["StatusCallbackEvent"] for asked in told] == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert told[0]["CallSid"] == ada.sid
    assert told[3]["CallSid"] == ben.sid
    assert told[5]["ReasonConferenceEnded"] == "last-participant-left"
    assert len({asked["ConferenceSid"] for asked in told}) == 1


def test_live_update_takes_a_participant_out(app, client, ada, ben):
    app.answers["/voice"] = conference('statusCallback="/events" statusCallbackEvent="leave"')
    app.answers["/events"] = ""
    all_in(ada, ben)
    client.calls(ada.sid).update(twiml="<Response><Say>A word with you</Say><Pause length='99'/></Response>")
    ada.hears("A word with you")
    (room,) = client.conferences.list()
    assert [found.call_sid for found in client.conferences(room.sid).participants.list()] == [ben.sid]
    assert app.was_asked("/events")[0]["ReasonParticipantLeft"] == "participant_updated_via_api"


def test_participant_can_be_added_held_and_removed(app, client, ada, ben):
    app.answers["/voice"] = conference()
    app.answers["/announcement"] = "<Response><Say>Welcome</Say></Response>"
    all_in(ada)
    (room,) = client.conferences.list(status="init")
    made = client.conferences(room.sid).participants.create(to=ben.number, from_=NUMBER, label="agent")
    assert made.conference_sid == room.sid
    ben.answers()
    ben.listens_for("talk")
    people = client.conferences(room.sid).participants
    assert people("agent").fetch().call_sid == ben.sid
    assert people(ben.sid).update(hold=True).hold is True
    ada.speaks("Where are you?")
    ben.speaks("On hold")
    people(ben.sid).update(hold=False, announce_url=f"{app.origin}/announcement")
    ben.hears("Welcome")
    assert ada.heard() == []
    assert people(ben.sid).delete() is True
    ben.is_left_with("completed")


def test_conference_can_be_ended_through_the_rest_api(app, client, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list(friendly_name="the room")
    assert client.conferences(room.sid).update(status="completed").status == "completed"
    ada.hears("Over")
    ben.hears("Over")


def test_conference_without_a_name_is_rejected(app, exchange, ada):
    app.answers["/voice"] = "<Response><Dial><Conference/></Dial><Say>Over</Say></Response>"
    ada.dials()
    exchange.warns(13237)
    ada.hears("Over")
