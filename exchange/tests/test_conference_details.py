"""Conferences: participant limit, coaching, labels, recording, announcements, cleanup."""

import pytest
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER
from test_conferences import all_in, conference
from test_two_channels import sound_at, spoken


def test_full_conference_admits_nobody(app, exchange, ada, ben, cyd):
    app.answers["/voice"] = conference('maxParticipants="2"', 'action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    all_in(ada, ben)
    cyd.dials()
    cyd.hears("failed")
    exchange.warns(16020)
    ada.speaks("Just us")
    ben.hears("Just us")


def test_only_the_coached_participant_hears_the_coach(app, exchange, client, ada, ben, cyd):
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


def test_label_belongs_to_one_participant(app, exchange, client, ada, ben):
    app.answers["/voice"] = conference('participantLabel="host"')
    all_in(ada, ben)
    exchange.warns(16025)
    (room,) = client.conferences.list()
    assert client.conferences(room.sid).participants("host").fetch().call_sid == ada.sid
    assert client.conferences(room.sid).participants(ben.sid).fetch().label is None


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
def test_invalid_attributes_are_reported(app, exchange, ada, attribute, code):
    app.answers["/voice"] = conference(attribute)
    all_in(ada)
    exchange.warns(code)


def test_recording_has_the_first_participant_on_a_separate_channel(app, exchange, client, ada, ben, cyd):
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
    (mixed,) = sound_at(exchange, told["RecordingUrl"])
    first, others = sound_at(exchange, told["RecordingUrl"] + ".wav?RequestedChannels=2")
    assert spoken(first)[1] < spoken(others)[0]
    assert spoken(mixed) == (spoken(first)[0], spoken(others)[1])
    assert int(told["RecordingDuration"]) == pytest.approx(2, abs=1)


def test_empty_conferences_are_evicted_after_many_others(app, exchange, client, ada):
    conferences = exchange.state.conferences
    app.answers["/voice"] = conference()
    all_in(ada)
    exchange.run(open_many(conferences))
    assert len(conferences) <= conferences.max_items * 1.1 + 2
    assert [room.name for room in conferences.values() if room.participants] == ["the room"]


async def open_many(conferences):
    for number in range(1000):
        conferences.get_or_create("AC", f"room {number}")


def test_callbacks_report_speakers_and_announcements(app, client, ada, ben):
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


def test_removing_the_last_participant_ends_the_conference(app, client, ada):
    app.answers["/voice"] = conference('participantLabel="host" statusCallback="/events" statusCallbackEvent="end"')
    app.answers["/events"] = ""
    all_in(ada)
    (room,) = client.conferences.list(status="init")
    client.conferences(room.sid).participants(ada.sid).delete()
    told = app.was_asked("/events")[0]
    assert told["ReasonConferenceEnded"] == "last-participant-kicked"
    assert (told["CallSidEndingConference"], told["ParticipantLabelEndingConference"]) == (ada.sid, "host")
    assert client.conferences(room.sid).fetch().reason_conference_ended == "last-participant-kicked"


def test_status_callback_of_an_added_participant_gets_the_requested_events(app, exchange, client, ada):
    app.answers["/leg"] = ""
    events, url = ["initiated", "ringing", "answered"], f"{app.origin}/leg"
    participants = client.conferences("the room").participants
    participants.create(to=ada.number, from_=NUMBER, status_callback=url, status_callback_event=events)
    ada.answers()
    told = sorted(app.was_asked("/leg", 3), key=lambda asked: int(asked["SequenceNumber"]))
    assert [asked["CallStatus"] for asked in told] == ["initiated", "ringing", "in-progress"]
    assert exchange.alerts() == []


@pytest.mark.parametrize("options", [{"verified": ("+15550001111",)}], ids=["verified"])
def test_participant_may_be_called_from_a_verified_number(client, ada):
    participants = client.conferences("the room").participants
    participants.create(to=ada.number, from_="+15550001111")
    ada.answers()
    assert ada.call()["with"] == "+15550001111"
    with pytest.raises(TwilioRestException) as refusal:
        participants.create(to=ada.number, from_="+15550002222")
    assert refusal.value.code == 21210


def test_call_reason_and_time_limit_of_an_added_participant(exchange, client, ada):
    """https://www.twilio.com/docs/voice/api/conference-participant-resource (2026-11): CallReason, TimeLimit"""
    participants = client.conferences("the room").participants
    participants.create(to=ada.number, from_=NUMBER, call_reason="Your delivery", time_limit=60)
    ada.answers()
    ada.listens_for("talk")
    assert ada.call()["reason"] == "Your delivery"
    exchange.time_passes(60)
    ada.is_left_with("completed")
    assert exchange.alerts() == []


def test_participant_who_is_being_called_can_be_fetched_and_removed(client, ada, ben):
    participants = client.conferences("the room").participants
    made = participants.create(to=ada.number, from_=NUMBER, label="ada")
    participants.create(to=ben.number, from_=NUMBER, label="ben")
    ada.is_called()
    eventually(lambda: participants("ada").fetch().status == "ringing")
    assert participants(made.call_sid).fetch().label == "ada"
    assert {each.label for each in participants.list()} == {"ada", "ben"}
    ben.answers()
    ben.listens_for("talk")
    assert participants("ada").delete() is True
    ada.is_left_with("canceled")
    assert [each.label for each in participants.list()] == ["ben"]


@pytest.mark.parametrize(
    "invalid",
    [
        {"hold": True, "hold_url": "ftp://h.example/"},
        {"hold": True, "hold_url": "http://h.example/", "hold_method": "PUT"},
        {"announce_url": "nowhere"},
        {"call_sid_to_coach": "CA1"},
    ],
    ids=lambda invalid: list(invalid)[-1],
)
def test_refused_update_changes_nothing(app, client, ada, ben, invalid):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list()
    person = client.conferences(room.sid).participants(ada.sid)
    with pytest.raises(TwilioRestException):
        person.update(muted=True, **invalid)
    found = person.fetch()
    assert (found.muted, found.hold, found.coaching) == (False, False, False)


def test_participant_who_is_being_called_has_the_requested_settings(client, ada):
    people = client.conferences("room").participants
    asked = {"muted": True, "start_conference_on_enter": False, "end_conference_on_exit": True}
    made = people.create(from_=NUMBER, to=ada.number, **asked)
    assert {name: getattr(made, name) for name in asked} == asked
    assert [each.call_sid for each in people.list(muted=True)] == [made.call_sid]


def test_time_limit_takes_a_participant_out(app, exchange, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada)
    app.answers["/voice"] = conference(dial='timeLimit="60"')
    all_in(ben)
    exchange.time_passes(60)
    ben.hears("Over")
    assert ada.call()["status"] == "in-progress"


def test_others_hear_a_beep_when_a_participant_joins_or_leaves(app, ada, ben, cyd):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    ada.hears_items("Beep", 1)  # the participant who starts the conference joins it too
    all_in(cyd)
    ada.hears_items("Beep", 2)
    cyd.hangs_up()
    ada.hears_items("Beep", 3)
    ben.hears_items("Beep", 2)
    assert "Beep" not in [item["verb"] for item in cyd.call()["heard"]]


def test_hold_music_stops_when_the_participant_hangs_up(app, exchange, client, ada, ben):
    app.answers["/hold"] = "<Response><Say>Please hold</Say><Pause length='30'/><Redirect/></Response>"
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list()
    client.conferences(room.sid).participants(ben.sid).update(hold=True, hold_url=f"{app.origin}/hold")
    ben.hears("Please hold")
    ben.hangs_up()
    exchange.time_passes(61)
    app.was_asked("/done")
    assert len(app.at("/hold")) == 1


def test_unknown_events_are_reported(app, exchange, ada):
    app.answers["/voice"] = conference("""statusCallback="/events" statusCallbackEvent="['start', 'end']" """)
    all_in(ada)
    assert "['start'," in exchange.warns(12200)["message"]


def test_hold_music_ends_with_the_hold(app, exchange, client, ada, ben):
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


EVENTS = 'statusCallback="/events" statusCallbackEvent="end leave"'


def told_of(app, event, times):
    app.was_asked("/events", times)
    return next(asked for asked in app.at("/events") if asked["StatusCallbackEvent"] == event)


def test_call_of_a_participant_who_hangs_up_is_reported_as_completed(app, client, ada, ben):
    app.answers["/events"] = ""
    app.answers["/voice"] = conference(EVENTS)
    all_in(ada, ben)
    client.calls(ben.sid).update(twiml="<Response><Pause length='30'/></Response>")
    assert told_of(app, "participant-leave", 1)["ParticipantCallStatus"] == "in-progress"
    ada.hangs_up()
    left = [asked for asked in app.was_asked("/events", 3) if asked.get("CallSid") == ada.sid]
    assert left[0]["ParticipantCallStatus"] == "completed"
