"""Twimlets are answered without network access, by what their parameters say."""

from urllib.parse import quote

import pytest

BEN = "%2B441632960002"


def direct(app, path):
    url = f"http://twimlets.com/{path}".replace("&", "&amp;")
    app.answers["/voice"] = f"<Response><Redirect>{url}</Redirect></Response>"


def test_forward_dials_the_number(app, ada, ben):
    direct(app, f"forward?PhoneNumber={BEN}")
    ada.dials()
    ben.answers()
    ada.speaks("Hello Ben")
    ben.hears("Hello Ben")
    ben.hangs_up()
    ada.is_left_with("completed")


def test_forward_that_fails_goes_on_at_its_fail_url(app, ada, ben):
    ben.behaves("busy")
    direct(app, f"forward?PhoneNumber={BEN}&FailUrl={quote(app.origin + '/failed')}")
    app.answers["/failed"] = "<Response><Say>Try later</Say></Response>"
    ada.dials()
    ada.hears("Try later")


def test_forward_rejects_callers_that_are_not_allowed(app, ada, ben):
    direct(app, f"forward?PhoneNumber={BEN}&AllowedCallers[0]=415-555-2671")
    ada.dials()
    ada.hears("You are not permitted to call this number. Goodbye.")


def test_simulring_connects_the_first_who_answers(app, ada, ben, cyd):
    direct(app, f"simulring?PhoneNumbers[0]={BEN}&PhoneNumbers[1]={quote(cyd.number)}&Timeout=20")
    ada.dials()
    cyd.answers()
    ada.speaks("Hello")
    cyd.hears("Hello")


def test_conference_asks_for_its_password_and_waits_for_a_moderator(app, ada, ben):
    direct(app, f"conference?Name=standup&Password=42&Moderators[0]={BEN}&Music=rock&Message=Welcome")
    ada.dials()
    ada.presses("42#")
    ada.hears_items("Play", 1)
    ben.dials()
    ben.presses("42#")
    assert ben.listens_for("talk") == {"with": "standup"}
    ben.speaks("Hello")
    ada.hears("Please enter the password of the conference, followed by the pound sign.", "Welcome", "Hello")


def test_menu_goes_on_at_the_chosen_option(app, ada):
    option = quote("http://twimlets.com/message?Message[0]=Bye")
    direct(app, f"menu?Message=Press+1&Options[1]={option}")
    ada.dials()
    ada.presses("2")
    ada.listens_for("gather")
    ada.presses("1")
    ada.hears("Press 1", "That is not a valid option.", "Press 1", "Bye")


def test_voicemail_records_a_message(app, exchange, ada):
    direct(app, "voicemail?Email=ada@example.com&Transcribe=true")
    ada.dials()
    ada.listens_for("record")
    ada.speaks("Hello")
    ada.presses("#")
    ada.hears("Please leave a message after the beep.", "Thank you. Goodbye.")
    assert len(exchange.client().recordings.list()) == 1


@pytest.mark.parametrize("twiml", ["<Response><Say>Echo &amp; more</Say></Response>"])
def test_echo_answers_with_its_parameter(app, ada, twiml):
    direct(app, f"echo?Twiml={quote(twiml)}")
    ada.dials()
    ada.hears("Echo & more")


def test_unknown_twimlet_is_requested_like_any_other_url(app, exchange, ada):
    app.answers["/voice"] = "<Response><Redirect>http://twimlets.com.invalid/forward</Redirect></Response>"
    ada.dials()
    exchange.warns(11210)
