"""Which phone Dial rings, and which caller ID it shows."""

import pytest

from support.exchange import NUMBER
from support.person import Person


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


@pytest.mark.parametrize("keyed", ["441632960002", "+44 (1632) 960-002"])
def test_number_may_contain_spaces_and_punctuation(app, ada, ben, keyed):
    app.answers["/voice"] = dial(inner=keyed)
    ada.dials()
    ben.answers()
    assert ada.listens_for("talk") == {"with": ben.number}


def test_ten_digits_are_a_north_american_number(app, exchange, ada):
    app.answers["/voice"] = dial(inner="415-555-0100")
    ada.dials()
    Person(exchange, "+14155550100").answers()
    assert ada.listens_for("talk") == {"with": "+14155550100"}


def test_caller_id_is_that_of_the_caller_or_the_attribute(app, exchange, ada, ben):
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


@pytest.mark.parametrize("attributes", ["", 'callerId="client:alice"'])
def test_client_needs_a_number_as_caller_id_to_call_a_number(app, exchange, ben, attributes):
    alice = Person(exchange, "client:alice")
    app.answers["/voice"] = dial(attributes)
    alice.dials()
    alice.hears("Nobody is there")
    exchange.warns(13214)
    app.answers["/voice"] = dial(f'callerId="{NUMBER}"')
    alice.dials()
    ben.answers()
    assert ben.call()["with"] == NUMBER


def test_client_needs_no_caller_id_to_call_a_client(app, exchange):
    app.answers["/voice"] = dial(inner="<Client>bob</Client>")
    Person(exchange, "client:alice").dials()
    bob = Person(exchange, "client:bob")
    bob.answers()
    assert bob.call()["with"] == "client:alice"
    assert exchange.alerts() == []


@pytest.mark.parametrize("options", [{"verified": ("+15550001111",)}], ids=["verified"])
def test_verified_number_is_accepted_as_caller_id(app, exchange, ada, ben):
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
        (dial(inner="<Sim>DE1</Sim>"), 13215),
        (dial(inner="<Sip>sip:nobody</Sip>"), 13243),
        (dial(inner='<Sip username="ada">sip:x@h.example</Sip>'), 13249),
        (dial('ringTone="xx"', inner="nobody"), 13220),
        (dial('timeout="soon"', inner="nobody"), 13212),
        (dial('method="PUT" action="/after"', inner="nobody"), 13210),
        (dial(inner="<Number>nobody</Number><say>x</say>"), 12200),
    ],
)
def test_mistakes_are_reported(app, exchange, ada, document, code):
    app.answers["/voice"] = document
    ada.dials()
    exchange.warns(code)


def test_client_is_called_by_its_identity_and_gets_its_parameters(app, exchange, ada):
    parameter = '<Parameter name="order" value="7"/><Parameter name="CallSid" value="mine"/>'
    client = f'<Client statusCallback="/client"><Identity>ada</Identity>{parameter}</Client>'
    app.answers["/client"] = ""
    app.answers["/voice"] = dial('callReason="Your order"', inner=f"<Client>ben</Client>{client}")
    ada.dials()
    browser = Person(exchange, "client:ada")
    browser.answers()
    ada.listens_for("talk")
    call = browser.call()
    assert (call["to"], call["parameters"], call["reason"]) == ("client:ada", {"order": "7"}, "Your order")
    exchange.warns(12200)
    browser.hangs_up()
    told = app.was_asked("/client")[0]
    assert (told["order"], told["CallSid"]) == ("7", browser.sid)


def test_caller_hears_which_ring_tone_the_app_chose(app, ada, ben):
    app.answers["/voice"] = dial('ringTone="jp"')
    ada.dials()
    ben.is_called()
    assert [item["tone"] for item in ada.call()["heard"] if item["verb"] == "Ring"] == ["jp"]
