"""Messaging Services: their numbers send the app's messages, and their webhooks receive the replies."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER

AMERICAN = "+12025550123"


@pytest.fixture
def options():
    return {"more_numbers": (AMERICAN,)}


@pytest.fixture
def client(exchange):
    client = exchange.client()
    client.messaging.base_url = exchange.origin
    return client


@pytest.fixture
def service(client):
    return client.messaging.v1.services.create(friendly_name="Alerts")


def add(client, service, number):
    sid = client.incoming_phone_numbers.list(phone_number=number)[0].sid
    return client.messaging.v1.services(service.sid).phone_numbers.create(phone_number_sid=sid)


def test_service_is_created_changed_listed_and_deleted(client, service):
    services = client.messaging.v1.services
    assert (service.friendly_name, service.inbound_request_url, service.validity_period) == ("Alerts", None, 36000)
    changed = services(service.sid).update(status_callback="http://127.0.0.1/status", sticky_sender=False)
    assert (changed.status_callback, changed.sticky_sender) == ("http://127.0.0.1/status", False)
    assert [found.sid for found in services.list()] == [service.sid]
    services(service.sid).delete()
    with pytest.raises(TwilioRestException):
        services(service.sid).fetch()


def test_number_joins_one_service_and_leaves_it(client, service):
    joined = add(client, service, NUMBER)
    numbers = client.messaging.v1.services(service.sid).phone_numbers
    assert (joined.phone_number, joined.country_code, joined.service_sid) == (NUMBER, "GB", service.sid)
    assert [number.sid for number in numbers.list()] == [joined.sid] == [numbers(joined.sid).fetch().sid]
    for other, code in ((service, 21710), (client.messaging.v1.services.create(friendly_name="Other"), 21712)):
        with pytest.raises(TwilioRestException) as refusal:
            add(client, other, NUMBER)
        assert refusal.value.code == code
    numbers(joined.sid).delete()
    assert numbers.list() == []


@pytest.mark.parametrize(("to", "sender"), [("+12025550199", AMERICAN), ("+447700900001", NUMBER)])
def test_service_sends_from_the_recipients_country(client, service, to, sender):
    for number in (NUMBER, AMERICAN):
        add(client, service, number)
    sent = client.messages.create(to=to, messaging_service_sid=service.sid, body="hello")
    eventually(lambda: client.messages(sent.sid).fetch().from_ == sender)


def test_service_without_a_number_sends_nothing(client, service, ada):
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=ada.number, messaging_service_sid=service.sid, body="hello")
    assert refusal.value.code == 21704


def test_account_without_a_number_sends_nothing(client, ada):
    for number in client.incoming_phone_numbers.list():
        assert number.delete()
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=ada.number, messaging_service_sid="MG" + "1" * 32, body="hi")
    assert refusal.value.code == 21704
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=f"whatsapp:{ada.number}", from_="whatsapp:+14155238886", body="hi")
    assert refusal.value.code == 63007


def test_status_callback_of_the_service_is_used(app, client, service, ada):
    app.answers["/of-service"] = ""
    add(client, service, NUMBER)
    client.messaging.v1.services(service.sid).update(status_callback=f"{app.origin}/of-service")
    client.messages.create(to=ada.number, messaging_service_sid=service.sid, body="hello")
    assert app.was_asked("/of-service")[0]["MessagingServiceSid"] == service.sid


def test_messages_to_its_numbers_reach_the_webhook_of_the_service(app, client, service, ada):
    add(client, service, NUMBER)
    client.messaging.v1.services(service.sid).update(inbound_request_url=f"{app.origin}/inbound")
    ada.texts("hello")
    assert app.was_asked("/inbound")[0]["MessagingServiceSid"] == service.sid
    assert app.at("/sms") == []


def test_service_may_leave_the_webhook_to_the_number(app, client, service, ada):
    add(client, service, NUMBER)
    client.messaging.v1.services(service.sid).update(use_inbound_webhook_on_number=True)
    ada.texts("hello")
    assert app.was_asked("/sms")[0]["MessagingServiceSid"] == service.sid


def test_other_senders_of_a_service_are_refused_by_name(client, service):
    with pytest.raises(TwilioException, match=r"HTTP 501 .*GET /v1/Services/.sid./AlphaSenders: any alphanumeric"):
        client.messaging.v1.services(service.sid).alpha_senders.list()
