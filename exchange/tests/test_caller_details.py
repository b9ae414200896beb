"""What Twilio knows about a caller: the place, add-ons, and a client's custom parameters."""

import json

import pytest

from ringback.account.geography import country_of


@pytest.fixture
def app(app):
    app.answers["/voice"] = "<Response><Say>Hello</Say></Response>"
    app.answers["/sms"] = ""
    return app


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+14155552671", "US"),
        ("+14165550123", "CA"),
        ("+12425551234", "BS"),
        ("+447700900123", "GB"),
        ("+358401234567", "FI"),
        ("+97142345678", "AE"),
        ("+8821612345", ""),
        ("client:alice", ""),
        ("12345", ""),
    ],
)
def test_country_is_that_of_the_numbering_plan(number, country):
    assert country_of(number) == country


def test_place_of_a_handset_is_sent_with_calls_and_texts(app, exchange, ada):
    exchange.post(ada.door, {"city": "London", "state": "England", "zip": "SW1A 1AA"})
    ada.dials()
    ada.texts("hello")
    call, text = app.was_asked("/voice")[0], app.was_asked("/sms")[0]
    for asked in (call, text):
        found = [asked[f"From{part}"] for part in ("City", "State", "Zip", "Country")]
        assert found == ["London", "England", "SW1A 1AA", "GB"]
    assert call["CallerCity"] == "London"
    assert (call["ToCity"], call["ToCountry"]) == ("", "GB")


def test_place_of_a_called_handset_is_sent(app, exchange, client, ada):
    exchange.post(ada.door, {"city": "Oslo", "country": "NO"})
    client.calls.create(to=ada.number, from_="+441632960000", url=f"{app.origin}/voice")
    ada.answers()
    asked = app.was_asked("/voice")[0]
    assert (asked["ToCity"], asked["ToCountry"]) == ("Oslo", "NO")


def test_place_of_the_apps_number_is_sent_with_calls_and_texts(app, exchange, ada):
    changed = exchange.post("/numbers/+441632960000", {"city": "Leeds", "state": "England"})
    assert changed == {"number": "+441632960000", "city": "Leeds", "state": "England", "zip": "", "country": "GB"}
    ada.dials()
    ada.texts("hello")
    for asked in (app.was_asked("/voice")[0], app.was_asked("/sms")[0]):
        assert [asked[f"To{part}"] for part in ("City", "State", "Zip", "Country")] == ["Leeds", "England", "", "GB"]
    assert exchange.refuses("/numbers/+441632960009", {"city": "Leeds"})[0] == 404


def test_place_is_kept_and_shown(exchange, ada):
    exchange.post(ada.door, {"city": "London"})
    changed = exchange.post(ada.door, {"name": "Ada"})
    assert (changed["city"], changed["country"], changed["add_ons"]) == ("London", "GB", {})


@pytest.mark.parametrize("given", [{"country": "Britain"}, {"city": "x" * 101}, {"zip": 8001}, {"add_ons": []}])
def test_invalid_details_are_rejected_by_name(exchange, ada, given):
    status, words = exchange.refuses(ada.door, given)
    assert status == 400
    assert next(iter(given)) in words


def test_add_ons_are_sent_with_calls_and_texts(app, exchange, ada):
    results = {"twilio_caller_name": {"status": "successful", "result": {"caller_name": {"caller_name": "ADA"}}}}
    exchange.post(ada.door, {"add_ons": results})
    ada.dials()
    ada.texts("hello")
    for asked in (app.was_asked("/voice")[0], app.was_asked("/sms")[0]):
        assert json.loads(asked["AddOns"]) == {
            "status": "successful",
            "message": None,
            "code": None,
            "results": results,
        }


def test_custom_parameters_of_a_client_are_in_the_first_request(app, exchange):
    app.answers["/voice"] = "<Response><Redirect>/next</Redirect></Response>"
    app.answers["/next"] = "<Response/>"
    exchange.post("/handsets/client:alice/calls", {"parameters": {"room": "7", "To": "+447700900123"}})
    asked = app.was_asked("/voice")[0]
    assert (asked["room"], asked["To"], asked["From"]) == ("7", "+447700900123", "client:alice")
    assert app.was_asked("/next")[0].get("room") is None


@pytest.mark.parametrize("parameters", [{"CallSid": "CA1"}, {"room": 7}, "room"])
def test_impossible_custom_parameters_are_rejected(exchange, parameters):
    assert exchange.refuses("/handsets/client:alice/calls", {"parameters": parameters})[0] == 400


def test_telephone_has_no_custom_parameters(exchange, ada):
    assert exchange.refuses(f"{ada.door}/calls", {"parameters": {"room": "7"}})[0] == 400
