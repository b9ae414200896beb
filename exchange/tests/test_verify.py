"""Verify, used with Twilio's client."""

import re

import pytest

from ringback.testing.waiting import eventually
from support.exchange import NUMBER
from support.rest_errors import refused


@pytest.fixture
def verify(exchange):
    client = exchange.client()
    client.verify.base_url = exchange.origin
    return client.verify.v2


@pytest.fixture
def service(verify):
    """A service, as the app keeps its sid."""
    made = verify.services.create(friendly_name="Talk")
    return verify.services(made.sid)


def code_for(person):
    """The code in the one text that arrived."""
    eventually(lambda: len(person.inbox()) > 0, "a text")
    (words,) = set(person.inbox())
    return re.fullmatch("Your Talk verification code is: ([0-9]{6})", words)[1]


def test_code_sent_by_text_verifies_the_phone_once(service, ada):
    sent = service.verifications.create(to=ada.number, channel="sms")
    assert (sent.status, sent.valid, sent.to, len(sent.send_code_attempts)) == ("pending", False, ada.number, 1)
    assert sent.date_created.year >= 2026
    code = code_for(ada)
    wrong = service.verification_checks.create(to=ada.number, code=f"{int(code) ^ 1:06}")
    assert (wrong.status, wrong.valid, wrong.sid) == ("pending", False, sent.sid)
    right = service.verification_checks.create(to=ada.number, code=code)
    assert (right.status, right.valid) == ("approved", True)
    assert refused(service.verification_checks.create, to=ada.number, code=code) == (404, 20404)


def test_code_is_spoken_in_a_call(service, ada):
    service.verifications.create(to=ada.number, channel="call", custom_code="123456")
    ada.answers()
    ada.hears(*["Your Talk verification code is: 1. 2. 3. 4. 5. 6."] * 2)
    assert service.verification_checks.create(to=ada.number, code="123456").status == "approved"


def test_code_expires_after_ten_minutes(exchange, service, ada):
    sent = service.verifications.create(to=ada.number, channel="sms")
    code = code_for(ada)
    exchange.time_passes(599)
    assert service.verifications(sent.sid).fetch().status == "pending"
    exchange.time_passes(1)
    assert refused(service.verifications(sent.sid).fetch) == (404, 20404)
    assert refused(service.verification_checks.create, verification_sid=sent.sid, code=code) == (404, 20404)


def test_code_can_be_checked_five_times(service, ada):
    service.verifications.create(to=ada.number, channel="sms", custom_code="123456")
    for _ in range(5):
        assert service.verification_checks.create(to=ada.number, code="000000").status == "pending"
    assert refused(service.verification_checks.create, to=ada.number, code="123456") == (429, 60202)


def test_same_code_is_sent_at_most_five_times(service, ada):
    sids = {service.verifications.create(to=ada.number, channel="sms").sid for _ in range(5)}
    assert len(sids) == 1
    eventually(lambda: len(ada.inbox()) == 5)
    assert code_for(ada)
    assert refused(service.verifications.create, to=ada.number, channel="sms") == (429, 60203)


@pytest.mark.parametrize("status", ["canceled", "approved"])
def test_app_can_approve_or_cancel_a_verification(service, ada, status):
    sent = service.verifications.create(to=ada.number, channel="sms")
    assert service.verifications(ada.number).fetch().sid == sent.sid
    assert service.verifications(sent.sid).update(status=status).status == status
    assert refused(service.verification_checks.create, to=ada.number, code=code_for(ada)) == (404, 20404)
    assert service.verifications.create(to=ada.number, channel="sms").sid != sent.sid


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"to": "nobody"}, (400, 60200)),
        ({"channel": "pigeon"}, (400, 60200)),
        ({"channel": "email"}, (403, 60223)),
        ({"custom_code": "1"}, (400, 60200)),
    ],
)
def test_invalid_verification_is_rejected_with_the_error_code(service, ada, wrong, refusal):
    assert refused(service.verifications.create, **{"to": ada.number, "channel": "sms"} | wrong) == refusal


def test_empty_or_absurd_code_is_rejected(service, ada):
    service.verifications.create(to=ada.number, channel="sms")
    assert refused(service.verification_checks.create, to=ada.number, code="") == (400, 60200)
    assert refused(service.verification_checks.create, code="123456") == (400, 60200)


def test_services_can_be_paged_updated_and_deleted(verify):
    made = [verify.services.create(friendly_name=f"number {place}").sid for place in range(3)]
    assert [service.sid for service in verify.services.list(page_size=2)] == made[::-1]
    assert verify.services(made[0]).update(friendly_name="new", code_length=4).code_length == 4
    assert verify.services(made[0]).fetch().friendly_name == "new"
    assert verify.services(made[0]).delete() is True
    assert refused(verify.services(made[0]).fetch) == (404, 20404)
    assert refused(verify.services.create, friendly_name="") == (400, 60200)


def test_app_can_use_a_service_that_it_did_not_create(verify, ada):
    service = verify.services("VA" + "0" * 32)
    service.verifications.create(to=ada.number, channel="sms", custom_code="1234")
    assert service.verification_checks.create(to=ada.number, code="1234").valid
    assert refused(verify.services("VA1").fetch) == (404, 20404)


def test_texts_of_verify_are_not_listed_as_messages(app, exchange, service, ada):
    app.answers["/sms"] = ""
    ada.texts("STOP")
    app.was_asked("/sms")
    service.verifications.create(to=ada.number, channel="sms", custom_code="123456")
    eventually(lambda: "Your Talk verification code is: 123456" in ada.inbox())
    assert [message.from_ for message in exchange.client().messages.list(to=ada.number)] == [NUMBER]
