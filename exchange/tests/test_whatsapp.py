"""WhatsApp: addresses, sessions, templates, and the parameters of its webhooks."""

import base64
import json

import pytest
from twilio.base.exceptions import TwilioRestException

from support.exchange import NUMBER
from support.person import Person

SENDER = f"whatsapp:{NUMBER}"
TEMPLATE = "HX" + "d" * 32


@pytest.fixture
def zoe(exchange):
    """A person on WhatsApp."""
    return Person(exchange, "whatsapp:+447700900123")


@pytest.fixture
def app(app):
    app.answers["/sms"] = "<Response><Message>Welcome</Message></Response>"
    app.answers["/status"] = ""
    return app


def refusal(client, **message):
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(**message)
    return caught.value.status, caught.value.code


def test_message_arrives_with_whatsapps_parameters_and_is_answered(app, exchange, zoe):
    exchange.post(zoe.door, {"name": "Zoe"})
    zoe.texts("hello")
    asked = app.was_asked("/sms")[0]
    assert (asked["From"], asked["To"]) == (zoe.number, SENDER)
    assert (asked["ProfileName"], asked["WaId"], asked["MessageType"]) == ("Zoe", "447700900123", "text")
    assert (asked["NumSegments"], asked.get("FromCountry")) == ("1", None)
    zoe.gets("Welcome")


def test_same_number_has_a_phone_and_whatsapp(app, exchange, zoe):
    phone = Person(exchange, "+447700900123")
    zoe.texts("hello")
    zoe.gets("Welcome")
    assert phone.inbox() == []


def test_message_within_a_session_is_delivered(app, client, exchange, zoe):
    zoe.texts("hello")
    zoe.gets("Welcome")
    exchange.time_passes(23 * 3600)
    client.messages.create(to=zoe.number, from_=SENDER, body="Still there?")
    zoe.gets("Welcome", "Still there?")


@pytest.mark.parametrize("hours", [None, 25])
def test_message_outside_a_session_is_not_delivered(app, client, exchange, zoe, hours):
    if hours:
        zoe.texts("hello")
        zoe.gets("Welcome")
        exchange.time_passes(hours * 3600)
    client.messages.create(to=zoe.number, from_=SENDER, body="Hi", status_callback=f"{app.origin}/status")
    told = next(asked for asked in app.was_asked("/status", times=2) if asked["MessageStatus"] == "undelivered")
    assert (told["ErrorCode"], told["ChannelPrefix"], told["To"]) == ("63016", "whatsapp", zoe.number)
    assert "Hi" not in zoe.inbox()


def test_template_of_the_account_is_filled_in_and_needs_no_session(client, exchange, zoe):
    made = exchange.request(
        "POST",
        "/v1/Content",
        json.dumps({"types": {"twilio/text": {"body": "Hi {{1}}, see you {{when}}{{3}}"}}}).encode(),
        Authorization=basic(client),
        Content_Type="application/json",
    )
    assert made[0] == 201
    sid = json.loads(made[1])["sid"]
    variables = json.dumps({"1": "Zoe", "when": "at ten"})
    client.messages.create(to=zoe.number, from_=SENDER, content_sid=sid, content_variables=variables)
    zoe.gets("Hi Zoe, see you at ten{{3}}")


def basic(client):
    return "Basic " + base64.b64encode(f"{client.username}:{client.password}".encode()).decode()


def test_templates_can_be_listed_and_deleted(client, exchange):
    client.content.base_url = exchange.origin
    assert client.content.v1.contents.list() == []
    exchange.request("POST", "/v1/Content", b'{"types": {"twilio/text": {"body": "Hi"}}}', Authorization=basic(client))
    (template,) = client.content.v1.contents.list()
    assert template.types == {"twilio/text": {"body": "Hi"}}
    assert client.content.v1.contents(template.sid).delete()
    assert client.content.v1.contents.list() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"types": {}}', b'{"types": {"a": 1}}', b'{"types": 1}'])
def test_invalid_template_is_rejected(client, exchange, body):
    status, answer, _ = exchange.request("POST", "/v1/Content", body, Authorization=basic(client))
    assert (status, json.loads(answer)["code"]) == (400, 20001)


def test_template_of_a_real_account_is_delivered_with_its_variables(client, zoe):
    client.messages.create(to=zoe.number, from_=SENDER, content_sid=TEMPLATE, content_variables='{"1": "Zoe"}')
    zoe.gets(f"[template {TEMPLATE}]\n1: Zoe")


def test_template_can_be_sent_as_a_text(client, ada):
    client.messages.create(to=ada.number, from_=NUMBER, content_sid=TEMPLATE)
    ada.gets(f"[template {TEMPLATE}]")


def test_service_sends_on_the_channel_of_the_recipient(client, zoe):
    client.messages.create(to=zoe.number, messaging_service_sid="MG" + "c" * 32, content_sid=TEMPLATE)
    zoe.gets(f"[template {TEMPLATE}]")


def test_sandbox_is_a_sender(client, app, exchange, zoe):
    sandbox = "whatsapp:+14155238886"
    zoe.texts("join some-words", to=sandbox)
    zoe.gets("Welcome")
    client.messages.create(to=zoe.number, from_=sandbox, body="Hi")
    zoe.gets("Welcome", "Hi")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"from_": NUMBER}, 21910),
        ({"to": "+447700900123"}, 21910),
        ({"from_": "whatsapp:+447700900999"}, 63007),
        ({"to": "whatsapp:nobody"}, 21211),
        ({"to": "whatsapp:+44"}, 21211),
        ({"content_sid": "HX1"}, 21655),
        ({"content_sid": TEMPLATE, "content_variables": "[1]"}, 21656),
        ({"content_sid": TEMPLATE, "content_variables": "{"}, 21656),
    ],
)
def test_impossible_message_is_rejected_with_the_error_code(client, zoe, message, code):
    good = {"to": zoe.number, "from_": SENDER, "body": "Hi"}
    assert refusal(client, **good | message) == (400, code)


def test_stop_on_whatsapp_is_left_to_the_app(app, zoe):
    zoe.texts("STOP")
    zoe.gets("Welcome")


def test_reply_on_another_channel_is_reported(app, exchange, ada, zoe):
    app.answers["/sms"] = f'<Response><Message to="{ada.number}">Hi</Message></Response>'
    zoe.texts("hello")
    exchange.warns(21910)


def test_whatsapp_handset_cannot_call_or_reach_a_phone(exchange, ada, zoe):
    assert exchange.refuses(f"{zoe.door}/calls", {})[0] == 400
    assert exchange.refuses(f"{ada.door}/texts", {"to": SENDER, "body": "Hi"})[0] == 400


def test_call_to_a_whatsapp_address_is_rejected(client, zoe):
    with pytest.raises(TwilioRestException) as caught:
        client.calls.create(to=zoe.number, from_=NUMBER, twiml="<Response/>")
    assert caught.value.code == 21211
