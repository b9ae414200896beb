"""Several people talk in one room."""

import pytest

from tests.exchange.conftest import NUMBER, eventually


def conference(attributes="", dial=""):
    return f"<Response><Dial {dial}><Conference {attributes}>the room</Conference></Dial><Say>Over</Say></Response>"


@pytest.fixture
def cyd(exchange):
    return exchange.person("3")


@pytest.fixture
def client(exchange):
    return exchange.client()


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


def test_whoever_waits_hears_music_until_the_second_comes(app, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada)
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]] == ["Play"])
    assert ada.call()["heard"][0]["ended"] is None
    all_in(ben)
    eventually(lambda: ada.call()["heard"][0]["ended"] is not None)


def test_a_wait_document_is_run_and_may_not_do_everything(app, exchange, ada, ben):
    app.answers["/voice"] = conference('waitUrl="/wait"')
    app.answers["/wait"] = "<Response><Say>Please wait</Say><Dial>+441632960009</Dial><Pause length='99'/></Response>"
    all_in(ada)
    ada.hears("Please wait")
    exchange.warns(13238)
    all_in(ben)
    ada.speaks("Hello")
    ben.hears("Hello")


def test_twilios_own_hold_music_needs_no_network(app, exchange, ada, ben):
    app.answers["/voice"] = conference('waitUrl="http://twimlets.com/holdmusic?Bucket=com.twilio.music.classical"')
    all_in(ada)
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]][:1] == ["Play"])
    assert exchange.request("GET", ada.call()["heard"][0]["url"])[1].startswith(b"RIFF")
    all_in(ben)
    ada.speaks("Hello")
    ben.hears("Hello")
    assert exchange.alerts() == []


def test_it_starts_with_whoever_may_start_it(app, client, ada, ben, cyd):
    app.answers["/voice"] = conference('startConferenceOnEnter="false"')
    all_in(ada, ben)
    assert [room.status for room in client.conferences.list()] == ["init"]
    ada.speaks("Anybody?")
    app.answers["/voice"] = conference()
    all_in(cyd)
    ada.speaks("Now?")
    ben.hears("Now?")
    assert [room.status for room in client.conferences.list()] == ["in-progress"]


def test_it_ends_with_whoever_ends_it(app, client, ada, ben):
    app.answers["/voice"] = conference(dial='action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    all_in(ada)
    app.answers["/voice"] = conference('endConferenceOnExit="true"')
    all_in(ben)
    ben.hangs_up()
    ada.hears("answered")
    (room,) = client.conferences.list()
    assert (room.status, room.reason_conference_ended) == (
        "completed",
        "participant-with-end-conference-on-exit-left",
    )
    assert room.call_sid_ending_conference == ben.sid


def test_a_muted_person_is_not_heard(app, client, ada, ben):
    app.answers["/voice"] = conference('muted="true"')
    all_in(ada)
    app.answers["/voice"] = conference()
    all_in(ben)
    ada.speaks("Can you hear me?")
    (room,) = client.conferences.list(status="in-progress")
    client.conferences(room.sid).participants(ada.sid).update(muted=False)
    ada.speaks("And now?")
    ben.hears("And now?")


def test_its_events_are_told_in_order(app, ada, ben):
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


def test_a_person_can_be_moved_away_by_a_live_update(app, client, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    client.calls(ada.sid).update(twiml="<Response><Say>A word with you</Say><Pause length='99'/></Response>")
    ada.hears("A word with you")
    (room,) = client.conferences.list()
    assert [found.call_sid for found in client.conferences(room.sid).participants.list()] == [ben.sid]


def test_somebody_can_be_called_in_held_and_removed(app, client, ada, ben):
    app.answers["/voice"] = conference()
    app.answers["/announcement"] = "<Response><Say>Welcome</Say></Response>"
    all_in(ada)
    (room,) = client.conferences.list()
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


def test_it_can_be_ended_by_rest(app, client, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list(friendly_name="the room")
    assert client.conferences(room.sid).update(status="completed").status == "completed"
    ada.hears("Over")
    ben.hears("Over")


def test_a_room_without_a_name_is_refused(app, exchange, ada):
    app.answers["/voice"] = "<Response><Dial><Conference/></Dial><Say>Over</Say></Response>"
    ada.dials()
    exchange.warns(13237)
    ada.hears("Over")


def test_a_full_room_lets_nobody_else_in(app, exchange, ada, ben, cyd):
    app.answers["/voice"] = conference('maxParticipants="2"', 'action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    all_in(ada, ben)
    cyd.dials()
    cyd.hears("failed")
    exchange.warns(16020)
    ada.speaks("Just us")
    ben.hears("Just us")


def test_only_the_one_who_is_coached_hears_the_coach(app, exchange, client, ada, ben, cyd):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    app.answers["/voice"] = conference(f'coach="{ada.sid}"')
    all_in(cyd)
    cyd.speaks("Offer a discount")
    ada.hears("Offer a discount")
    ben.speaks("That is too much")
    cyd.hears("That is too much")
    (room,) = client.conferences.list()
    people = client.conferences(room.sid).participants
    (coach,) = people.list(coaching=True)
    assert (coach.call_sid, coach.call_sid_to_coach) == (cyd.sid, ada.sid)
    assert people(cyd.sid).update(call_sid_to_coach=ben.sid).call_sid_to_coach == ben.sid
    assert people(cyd.sid).update(coaching=False).coaching is False
    cyd.speaks("Hello everybody")
    ben.hears("Hello everybody")


def test_a_label_belongs_to_one_person(app, exchange, client, ada, ben):
    app.answers["/voice"] = conference('participantLabel="host"')
    all_in(ada, ben)
    exchange.warns(16025)
    (room,) = client.conferences.list()
    assert client.conferences(room.sid).participants("host").fetch().call_sid == ada.sid


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ('coach="nobody"', 13240),
        ('trim="a bit"', 13239),
        ('record="yes"', 12200),
        ('participantLabel="a/b"', 16024),
        ('maxParticipants="0"', 12200),
    ],
)
def test_attributes_that_make_no_sense_are_named(app, exchange, ada, attribute, code):
    app.answers["/voice"] = conference(attribute)
    all_in(ada)
    exchange.warns(code)


def test_it_is_recorded_the_first_who_came_on_a_channel_of_their_own(app, exchange, client, ada, ben, cyd):
    app.answers["/kept"] = app.answers["/old"] = ""
    app.answers["/voice"] = conference(
        'record="record-from-start" recordingStatusCallback="/kept" eventCallbackUrl="/old"'
        ' recordingStatusCallbackEvent="in-progress completed"'
    )
    all_in(ada)
    ada.speaks("Nobody hears this yet")
    all_in(ben, cyd)
    ada.speaks("Good morning")
    cyd.hears("Good morning")
    ben.speaks("Good morning to you too")
    cyd.hears("Good morning", "Good morning to you too")
    cyd.speaks("Hello")
    (room,) = client.conferences.list()
    assert client.conferences(room.sid).recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    client.conferences(room.sid).update(status="completed")
    told = {asked["RecordingStatus"]: asked for asked in app.was_asked("/kept", 2)}["completed"]
    assert (told["ConferenceSid"], told["RecordingSource"], told.get("CallSid")) == (room.sid, "Conference", None)
    assert told["RecordingChannels"] == "2"
    old = app.was_asked("/old")[0]
    assert (old["RecordingUrl"], old["Duration"]) == (told["RecordingUrl"], told["RecordingDuration"])
    (recording,) = client.conferences(room.sid).recordings.list()
    assert (recording.sid, recording.channels) == (told["RecordingSid"], 2)
    sizes = {}
    for query in ("", "?RequestedChannels=2"):
        status, body, _ = exchange.request("GET", told["RecordingUrl"].removeprefix(exchange.origin) + query)
        assert status == 200
        sizes[query] = len(body)
    assert sizes["?RequestedChannels=2"] > 1.9 * sizes[""]
    assert int(told["RecordingDuration"]) == pytest.approx(2, abs=1)


def test_rooms_in_which_nobody_is_are_forgotten_after_many_others(app, exchange, client, ada):
    rooms = exchange.board.rooms
    app.answers["/voice"] = conference()
    all_in(ada)
    exchange.run(open_many(rooms))
    assert len(rooms) <= rooms.most * 1.1 + 2
    assert [room.name for room in rooms.values() if room.inside] == ["the room"]


async def open_many(rooms):
    for number in range(1000):
        rooms.open("AC", f"room {number}")


def test_who_speaks_and_what_was_announced_is_told(app, client, ada, ben):
    app.answers["/events"] = ""
    app.answers["/announcement"] = "<Response><Say>Five minutes left</Say></Response>"
    app.answers["/voice"] = conference('statusCallback="/events" statusCallbackEvent="speaker announcement"')
    all_in(ada, ben)
    ada.speaks("Good morning")
    app.was_asked("/events", 2)
    (room,) = client.conferences.list()
    client.conferences(room.sid).update(announce_url=f"{app.origin}/announcement")
    ben.hears("Good morning", "Five minutes left")
    client.conferences(room.sid).participants(ada.sid).update(announce_url=f"{app.origin}/nothing")
    told = sorted(app.was_asked("/events", 4), key=lambda asked: int(asked["SequenceNumber"]))
    assert [(asked["StatusCallbackEvent"], asked.get("CallSid")) for asked in told] == [
        ("participant-speech-start", ada.sid),
        ("participant-speech-stop", ada.sid),
        ("announcement-end", None),
        ("announcement-fail", ada.sid),
    ]
    assert told[2]["AnnounceUrl"] == f"{app.origin}/announcement"


def test_events_that_do_not_exist_are_named(app, exchange, ada):
    app.answers["/voice"] = conference("""statusCallback="/events" statusCallbackEvent="['start', 'end']" """)
    all_in(ada)
    assert "['start'," in exchange.warns(12200)["message"]


def test_the_music_of_a_hold_ends_with_it(app, exchange, client, ada, ben):
    app.answers["/hold"] = "<Response><Say>Please hold</Say><Pause length='30'/><Redirect/></Response>"
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list()
    person = client.conferences(room.sid).participants(ben.sid)
    person.update(hold=True, hold_url=f"{app.origin}/hold")
    ben.hears("Please hold")
    exchange.time_passes(31)
    app.was_asked("/hold", 2)
    person.update(hold=False)
    exchange.time_passes(61)
    ada.speaks("Back again")
    ben.hears("Please hold", "Please hold", "Back again")
    assert len(app.at("/hold")) == 2
