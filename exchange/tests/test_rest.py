"""The REST API, used with Twilio's Python client."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from ringback.testing.waiting import eventually
from support.exchange import NUMBER, SID, TOKEN
from support.person import Person
from support.rest_errors import refused


def test_text_is_sent_with_status_callbacks(app, client, ada):
    app.answers["/status"] = ""
    sent = client.messages.create(to=ada.number, from_=NUMBER, body="Hi", status_callback=f"{app.origin}/status")
    assert (sent.status, sent.direction, sent.num_segments, sent.date_sent) == ("queued", "outbound-api", "1", None)
    ada.gets("Hi")
    told = app.was_asked("/status", times=2)
    assert sorted(asked["MessageStatus"] for asked in told) == ["delivered", "sent"]
    assert told[0].all() | {"MessageStatus": "", "SmsStatus": "", "RawDlrDoneDate": ""} == {
        "MessageSid": sent.sid,
        "SmsSid": sent.sid,
        "MessageStatus": "",
        "SmsStatus": "",
        "AccountSid": SID,
        "From": NUMBER,
        "To": ada.number,
        "ApiVersion": "2010-04-01",
        "RawDlrDoneDate": "",
    }
    eventually(lambda: client.messages(sent.sid).fetch().status == "delivered")
    assert client.messages(sent.sid).fetch().date_sent is not None


def test_media_are_fetched_and_listed(app, exchange, client, ada):
    app.answers["/cat.png"] = lambda asked: web.Response(body=b"cat", content_type="image/png")
    sent = client.messages.create(to=ada.number, from_=NUMBER, media_url=[f"{app.origin}/cat.png"])
    assert (sent.sid[:2], sent.num_media) == ("MM", "1")
    ada.gets("")
    (media,) = client.messages(sent.sid).media.list()
    assert media.content_type == "image/png"
    path = media.uri.removesuffix(".json")
    assert exchange.request("GET", path)[1] == b"cat"


def test_phone_keeps_a_text_that_the_app_redacts(client, ada):
    sent = client.messages.create(to=ada.number, from_=NUMBER, body="Your code is 7")
    ada.gets("Your code is 7")
    client.messages(sent.sid).update(body="")
    assert client.messages(sent.sid).fetch().body == ""
    assert ada.inbox() == ["Your code is 7"]


def test_phone_keeps_a_picture_that_the_app_deletes(exchange, app, client, ada):
    app.answers["/cup.png"] = lambda asked: web.Response(body=b"a cup", content_type="image/png")
    sent = client.messages.create(to=ada.number, from_=NUMBER, body="Look", media_url=[f"{app.origin}/cup.png"])
    ada.gets("Look")
    (media,) = client.messages(sent.sid).media.list()
    assert media.delete() is True
    assert client.messages(sent.sid).media.list() == []
    assert exchange.request("GET", media.uri.removesuffix(".json"))[0] == 404
    (text,) = exchange.get(f"{ada.door}/texts")["texts"]
    assert [exchange.request("GET", each["url"])[1] for each in text["media"]] == [b"a cup"]


def test_texts_can_be_filtered_paged_redacted_and_deleted(client, ada, ben):
    for place in range(5):
        client.messages.create(to=ada.number, from_=NUMBER, body=f"number {place}")
    client.messages.create(to=ben.number, from_=NUMBER, body="to Ben")
    bodies = [message.body for message in client.messages.list(to=ada.number, page_size=2)]
    assert bodies == [f"number {place}" for place in (4, 3, 2, 1, 0)]
    assert len(client.messages.list(limit=3)) == 3
    now = datetime.now(UTC)
    assert len(client.messages.list(date_sent_after=now - timedelta(minutes=1))) == 6
    assert client.messages.list(date_sent_before=now - timedelta(minutes=1)) == []
    assert len(client.messages.list(date_sent=now.date())) == 6
    (to_ben,) = client.messages.list(to=ben.number, from_=NUMBER)
    assert client.messages(to_ben.sid).update(body="").body == ""
    eventually(lambda: client.messages(to_ben.sid).fetch().status == "delivered")
    assert client.messages(to_ben.sid).delete() is True
    assert refused(client.messages(to_ben.sid).fetch) == (404, 20404)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": "nobody"}, 21211),
        ({"to": "+1"}, 21211),
        ({"to": ""}, 21604),
        ({"from_": "12"}, 21212),
        ({"from_": "+15550001111"}, 21606),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"media_url": ["cat.png"]}, 21620),
        ({"media_url": ["http://h.example/x"] * 11}, 21623),
        ({"status_callback": "nowhere"}, 21609),
        ({"validity_period": 0}, 21624),
    ],
)
def test_impossible_text_is_rejected_with_the_error_code(client, ada, wrong, code):
    good = {"to": ada.number, "from_": NUMBER, "body": "hi"}
    assert refused(client.messages.create, **good | wrong) == (400, code)


@pytest.mark.parametrize("without_plus", ["14155552671", "(415) 555-2671"])
def test_numbers_without_a_plus_are_texted_and_called(app, client, exchange, without_plus):
    person = Person(exchange, "+14155552671")
    sent = client.messages.create(to=without_plus, from_=NUMBER.removeprefix("+"), body="hi")
    assert (sent.to, sent.from_) == (person.number, NUMBER)
    person.gets("hi")
    client.calls.create(to=without_plus, from_=NUMBER.removeprefix("+"), twiml="<Response><Say>Hello</Say></Response>")
    person.answers()
    person.hears("Hello")


def test_opted_out_number_is_not_texted(app, client, ada):
    app.answers["/sms"] = ""
    ada.texts("STOP")
    app.was_asked("/sms")
    assert refused(client.messages.create, to=ada.number, from_=NUMBER, body="hi") == (400, 21610)
    ada.texts("unstop")
    app.was_asked("/sms", times=2)
    client.messages.create(to=ada.number, from_=NUMBER, body="hi")


def test_failing_phone_does_not_receive_the_text(app, client, ada):
    app.answers["/status"] = ""
    ada.behaves("fails")
    sent = client.messages.create(to=ada.number, from_=NUMBER, body="Hi", status_callback=f"{app.origin}/status")
    told = app.was_asked("/status", times=2)[-1]
    assert {asked["MessageStatus"] for asked in app.at("/status")} == {"sent", "undelivered"}
    assert {asked.get("ErrorCode") for asked in app.at("/status")} == {None, "30003"}
    assert told["MessageSid"] == sent.sid
    assert client.messages(sent.sid).fetch().error_code == 30003


def test_number_can_be_fetched_and_updated(app, client, ada):
    (number,) = client.incoming_phone_numbers.list(phone_number=NUMBER)
    assert number.voice_url == f"{app.origin}/voice"
    assert number.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
    number.update(sms_url=f"{app.origin}/elsewhere", sms_method="GET")
    app.answers["/elsewhere"] = "<Response><Message>moved</Message></Response>"
    ada.texts("hello")
    ada.gets("moved")
    assert client.incoming_phone_numbers(number.sid).fetch().sms_method == "GET"
    assert refused(number.update, voice_url="nowhere") == (400, 21402)
    assert refused(number.update, voice_url="", voice_fallback_url="http://h.example/") == (400, 21405)


def test_another_number_can_be_bought(app, client, ada):
    bought = client.incoming_phone_numbers.create(phone_number="+441632960099", sms_url=f"{app.origin}/new")
    app.answers["/new"] = "<Response><Message>new</Message></Response>"
    ada.texts("hello", to="+441632960099")
    ada.gets("new")
    assert refused(client.incoming_phone_numbers.create, phone_number="+441632960099") == (400, 21422)
    assert refused(client.incoming_phone_numbers.create, area_code="533") == (400, 21452)
    assert client.incoming_phone_numbers.create(area_code="212").phone_number.startswith("+1212555")
    assert bought.delete() is True


@pytest.mark.parametrize(("sid", "token"), [(SID, "wrong"), ("AC" + "b" * 32, TOKEN)])
def test_requests_without_valid_credentials_are_401(exchange, ada, sid, token):
    client = Client(sid, token)
    client.api.base_url = exchange.origin
    assert refused(client.messages.create, to=ada.number, from_=NUMBER, body="hi") == (401, 20003)
    with pytest.raises(TwilioException, match="HTTP 401"):
        client.calls.list()


def test_account_can_be_fetched(exchange, client):
    assert client.api.accounts(SID).fetch().status == "active"
    assert refused(client.api.accounts("AC" + "b" * 32).fetch) == (404, 20404)
    status, _, headers = exchange.request("GET", "/2010-04-01/nonsense.json")
    assert status == 404
    assert headers["Content-Type"].startswith("application/json")


def test_application_determines_the_webhook_urls(app, client, ada):
    app.answers["/new"] = "<Response><Say>Application</Say></Response>"
    app.answers["/text"] = "<Response><Message>Application</Message></Response>"
    made = client.applications.create(friendly_name="mine", voice_url=f"{app.origin}/new", sms_url=f"{app.origin}/text")
    (number,) = client.incoming_phone_numbers.list()
    number.update(voice_application_sid=made.sid, sms_application_sid=made.sid)
    ada.dials()
    ada.hears("Application")
    ada.texts("hello")
    ada.gets("Application")
    client.calls.create(to=ada.number, from_=NUMBER, application_sid=made.sid)
    ada.answers()
    ada.hears("Application")
    assert [found.sid for found in client.applications.list(friendly_name="mine")] == [made.sid]
    assert refused(client.calls.create, to=ada.number, from_=NUMBER, application_sid="AP1") == (400, 21218)
    assert client.applications(made.sid).delete() is True


def test_api_key_is_valid_until_it_is_deleted(exchange, client):
    made = client.new_keys.create(friendly_name="worker")
    other = Client(made.sid, made.secret, SID)
    other.api.base_url = exchange.origin
    assert [key.sid for key in other.keys.list()] == [made.sid]
    assert client.keys(made.sid).delete() is True
    assert refused(other.api.accounts(SID).fetch) == (401, 20003)


def test_numbers_can_be_searched_for(client):
    found = client.available_phone_numbers("US").local.list(area_code="415", limit=3)
    assert [number.phone_number for number in found] == ["+14155550100", "+14155550101", "+14155550102"]
    assert client.available_phone_numbers("GB").local.list(limit=1)[0].phone_number.startswith("+44163296")
