"""The presenter's phone: called, reported, hung up."""

from xml.etree import ElementTree

import pytest
from twilio.base.exceptions import TwilioRestException

from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from tests.show.line.callers import PRESENTER_CALL, joins
from tests.support.person import NUMBER, PUBLIC_URL


def presenters_phone_reports(post_as_twilio, twilio, sid, status="completed"):
    fields = {"CallSid": sid, "From": NUMBER, "To": "+447700900299", "CallStatus": status}
    url, _, overrides = twilio.dialed[-1]["status_callback"].partition("#")
    assert f"#{overrides}" == CONNECTION_OVERRIDES
    post_as_twilio(url.removeprefix(PUBLIC_URL), fields)


def test_caller_and_presenter_meet_in_one_conference(line, ada, post_as_twilio):
    joins(ada)
    ada._listens("/voice/line/stage?scene=line", {})
    caller = ElementTree.fromstring(ada.answer.text).find("Dial/Conference")
    ada.call_sid = PRESENTER_CALL
    ada._listens("/voice/line/presenter?scene=line", {})
    presenter = ElementTree.fromstring(ada.answer.text).find("Dial/Conference")
    assert caller.text == presenter.text == "line-line"
    assert (caller.get("startConferenceOnEnter"), presenter.get("startConferenceOnEnter")) == ("false", "true")


def test_presenters_phone_is_called_again_after_it_has_hung_up(line, ada, bob, act, twilio, post_as_twilio):
    joins(ada)
    joins(bob)
    act("bring-on")
    presenters_phone_reports(post_as_twilio, twilio, PRESENTER_CALL)
    act("next-caller")
    assert len(twilio.dialed) == 2


def test_late_report_about_an_earlier_call_does_not_make_us_forget_the_present_one(
    line, ada, bob, act, twilio, post_as_twilio
):
    joins(ada)
    joins(bob)
    earlier, present = PRESENTER_CALL, "CA" + "f" * 32
    twilio.presenter_calls = [present, earlier]
    act("bring-on")
    act("end")
    callback = twilio.dialed[-1]
    act("bring-on")
    twilio.dialed.append(callback)
    presenters_phone_reports(post_as_twilio, twilio, earlier)
    act("end")
    assert [sid for sid, _ in twilio.completed] == [earlier, present]


def test_call_to_the_presenters_phone_may_end_before_twilio_responds(line, ada, bob, act, twilio, post_as_twilio):
    joins(ada)
    joins(bob)
    twilio.on_create = lambda sid: presenters_phone_reports(post_as_twilio, twilio, sid, "busy")
    act("bring-on")
    act("next-caller")
    assert len(twilio.dialed) == 2


def test_end_while_the_presenters_phone_is_being_called_hangs_up(line, ada, act, app, twilio, redis):
    joins(ada)

    def ends(_):
        with app.app_context():
            line.perform(redis, "end", "")

    twilio.on_create = ends
    act("bring-on")
    assert twilio.completed == [(PRESENTER_CALL, "completed")]


def test_presenters_phone_is_called_for_the_next_caller_if_twilio_refused_the_call(line, ada, bob, act, twilio):
    joins(ada)
    joins(bob)
    twilio.create_error = TwilioRestException(503, "/Calls.json")
    with pytest.raises(TwilioRestException):
        act("bring-on")
    twilio.create_error = None
    act("next-caller")
    assert len(twilio.dialed) == 2
