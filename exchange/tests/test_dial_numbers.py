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
        (dial(inner="<Sip>sip:x@h.example</Sip>"), 13215),
        (dial('timeout="soon"', inner="nobody"), 13212),
        (dial('method="PUT" action="/after"', inner="nobody"), 13210),
        (dial(inner="<Number>nobody</Number><say>x</say>"), 12200),
    ],
)
def test_mistakes_are_reported(app, exchange, ada, document, code):
    app.answers["/voice"] = document
    ada.dials()
    exchange.warns(code)


def test_client_is_called_by_its_identity(app, exchange, ada):
    from support.person import Person

    app.answers["/voice"] = dial(inner="<Client>ben</Client><Client><Identity>ada</Identity></Client>")
    ada.dials()
    browser = Person(exchange, "client:ben")
    browser.answers()
    ada.listens_for("talk")
    assert browser.call()["to"] == "client:ben"
