"""SIP addresses: phones that Dial rings, that call the app, and that can be referred."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.account.sip_uris import is_sip, parse_sip_uri
from support.exchange import NUMBER
from support.person import Person

ALICE = "sip:alice@pbx.example.com"


@pytest.fixture
def alice(exchange):
    return Person(exchange, ALICE)


@pytest.fixture
def carol(exchange):
    return Person(exchange, "sip:carol@pbx.example.com")


def dial(sip, attributes='action="/after"'):
    return f"<Response><Dial {attributes}>{sip}</Dial></Response>"


def test_sip_address_is_rung_with_its_headers(app, exchange, ada, alice):
    uri = f"{ALICE};transport=tcp?X-Account=12%203&amp;User-to-User=abc&amp;Subject=no"
    app.answers["/voice"] = dial(f'<Sip username="u" password="p" url="/whisper">{uri}</Sip>')
    app.answers |= {"/after": "", "/whisper": ""}
    ada.dials()
    alice.answers()
    ada.listens_for("talk")
    assert alice.call()["parameters"] == {"X-Account": "12 3", "User-to-User": "abc"}
    assert exchange.warns(12200)["message"].startswith("Sip: Subject is not sent")
    alice.hangs_up()
    action, whisper = app.was_asked("/after")[0], app.at("/whisper")[0]
    assert (action["DialCallStatus"], action["DialSipResponseCode"]) == ("completed", "200")
    assert whisper["SipDomain"] == "pbx.example.com"
    assert whisper["SipCallId"] == action["DialSipCallId"]


@pytest.mark.parametrize(("behaviour", "code"), [("busy", "486"), ("fails", "404")])
def test_app_gets_the_response_code_of_a_sip_address_that_does_not_answer(app, ada, alice, behaviour, code):
    alice.behaves(behaviour)
    app.answers |= {"/voice": dial(f"<Sip>{ALICE}</Sip>"), "/after": ""}
    ada.dials()
    assert app.was_asked("/after")[0]["DialSipResponseCode"] == code


def test_of_several_uris_the_one_with_the_lowest_priority_is_rung_with_header_elements(app, ada, alice):
    uris = f'<Uri priority="2">sip:x@y.example</Uri><Uri priority="1">{ALICE}</Uri>'
    headers = '<Headers><Header name="X-Case" value="9"/></Headers>'
    app.answers["/voice"] = dial(f"<Sip>{uris}{headers}</Sip>")
    ada.dials()
    alice.answers()
    assert alice.call()["parameters"] == {"X-Case": "9"}


def test_caller_id_of_a_sip_call_may_be_a_name(app, exchange, ada, alice):
    app.answers["/voice"] = dial(f"<Sip>{ALICE}</Sip>", 'callerId="jack"')
    ada.dials()
    alice.answers()
    assert alice.call()["from"] == "jack"
    assert exchange.alerts() == []


def test_rest_api_calls_a_sip_address(client, alice):
    client.calls.create(to=f"{ALICE}?X-Case=9", from_="jack", twiml="<Response><Pause length='9'/></Response>")
    alice.answers()
    assert (alice.call()["parameters"], alice.call()["from"]) == ({"X-Case": "9"}, "jack")


def test_app_gets_the_headers_of_a_sip_address_that_calls_it(app, exchange, alice):
    app.answers["/voice"] = "<Response><Say>Hello</Say></Response>"
    alice.dials(parameters={"X-Account": "7"})
    alice.hears("Hello")
    asked = app.at("/voice")[0]
    assert (asked["From"], asked["To"], asked["SipHeader_X-Account"]) == (ALICE, NUMBER, "7")
    assert asked["SipCallId"].endswith("@0.0.0.0")
    assert exchange.refuses(f"{alice.door}/calls", {"parameters": {"Subject": "x"}})[0] == 400


def test_sip_address_cannot_text(exchange, ada, alice):
    assert exchange.refuses(f"{alice.door}/texts", {"body": "x"})[0] == 400
    assert exchange.refuses(f"{ada.door}/texts", {"body": "x", "to": ALICE})[0] == 400


REFER = '<Response><Refer action="/referred"><Sip>sip:carol@pbx.example.com</Sip></Refer><Say>Next</Say></Response>'


def test_referred_sip_address_calls_the_target_itself(app, alice, carol):
    app.answers |= {"/voice": REFER, "/referred": ""}
    alice.dials()
    carol.answers()
    assert carol.call()["from"] == ALICE
    told = app.was_asked("/referred")[0]
    result = told["ReferCallStatus"], told["ReferSipResponseCode"], told["NotifySipResponseCode"]
    assert result == ("in-progress", "202", "200")


def test_app_is_told_that_the_target_of_a_refer_is_busy(app, alice, carol):
    carol.behaves("busy")
    app.answers |= {"/voice": REFER, "/referred": "<Response><Say>Sorry</Say></Response>"}
    alice.dials()
    alice.hears("Sorry")
    told = app.at("/referred")[0]
    assert (told["ReferCallStatus"], told["NotifySipResponseCode"]) == ("busy", "486")


def test_app_is_told_that_the_caller_hung_up_during_a_refer(app, alice, carol):
    app.answers |= {"/voice": REFER, "/referred": ""}
    sid = alice.dials()
    carol.is_called()
    alice.sid = sid
    alice.hangs_up()
    assert app.was_asked("/referred")[0]["ReferCallStatus"] == "canceled"


def test_only_a_sip_call_can_be_referred(app, exchange, ada):
    app.answers["/voice"] = REFER
    ada.dials()
    ada.hears("Next")
    exchange.warns(13801)
    assert app.at("/referred") == []


def test_connected_sip_address_can_refer_the_caller_to_the_app(app, exchange, ada, alice):
    app.answers["/voice"] = dial(f"<Sip>{ALICE}</Sip>", 'referUrl="/refer"')
    app.answers["/refer"] = "<Response><Say>One moment</Say></Response>"
    ada.dials()
    alice.answers()
    ada.listens_for("talk")
    exchange.post(f"{alice.door}/calls/{alice.sid}/refer", {"to": "sip:+441632960009@pbx.example.com"})
    ada.hears("One moment")
    assert app.at("/refer")[0]["ReferTransferTarget"] == "<sip:+441632960009@pbx.example.com>"
    alice.is_left_with("completed")


def test_refer_is_declined_without_a_refer_url(app, exchange, ada, alice):
    app.answers["/voice"] = dial(f"<Sip>{ALICE}</Sip>", "")
    ada.dials()
    alice.answers()
    ada.listens_for("talk")
    assert exchange.refuses(f"{alice.door}/calls/{alice.sid}/refer", {"to": "sip:x@y.example"})[0] == 409
    exchange.warns(13802)


def test_echo_plays_back_what_the_caller_says_and_presses(app, ada):
    app.answers["/voice"] = "<Response><Echo/></Response>"
    ada.dials()
    ada.speaks("hello?")
    ada.presses("7")
    ada.hears("hello?")
    assert [item["digits"] for item in ada.call()["heard"] if item["verb"] == "Tones"] == ["7"]


@given(st.text(max_size=300))
def test_any_text_is_a_sip_address_or_refused(text):
    parsed = parse_sip_uri(text)
    assert parsed is None or is_sip(parsed.address)
