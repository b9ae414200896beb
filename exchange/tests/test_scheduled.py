"""Scheduled texts."""

from datetime import UTC, datetime, timedelta

import pytest

from ringback.testing.waiting import eventually
from support.exchange import NUMBER
from support.rest_errors import refused

SERVICE = "MG" + "c" * 32


@pytest.fixture
def messages(exchange):
    return exchange.client().messages


@pytest.fixture
def later(app, messages, ada):
    """Schedule a text to Ada, in this many seconds, or with the given fields."""
    app.answers["/status"] = ""

    def scheduling(seconds=3600, **changes):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        good = {"to": ada.number, "messaging_service_sid": SERVICE, "body": "Soon", "send_at": at}
        good |= {"schedule_type": "fixed", "status_callback": f"{app.origin}/status"}
        return messages.create(**{name: value for name, value in (good | changes).items() if value is not None})

    return scheduling


def test_scheduled_text_is_sent_on_time(app, exchange, messages, later, ada):
    sent = later(3600)
    assert (sent.status, sent.from_, sent.date_sent) == ("scheduled", None, None)
    exchange.time_passes(3590)
    assert messages(sent.sid).fetch().status == "scheduled"
    exchange.time_passes(10)
    ada.gets("Soon")
    told = app.was_asked("/status", times=3)
    assert sorted(asked["MessageStatus"] for asked in told) == ["delivered", "queued", "sent"]
    assert messages(sent.sid).fetch().from_ == NUMBER


def test_canceled_text_is_never_sent(app, exchange, messages, later, ada):
    sent = later(3600)
    assert messages(sent.sid).update(status="canceled").status == "canceled"
    assert app.was_asked("/status")[0]["MessageStatus"] == "canceled"
    exchange.time_passes(3601)
    assert messages(sent.sid).fetch().status == "canceled"
    assert ada.inbox() == []
    assert refused(messages(sent.sid).update, status="canceled") == (400, 30409)


def test_sent_text_cannot_be_canceled(messages, ada):
    sent = messages.create(to=ada.number, from_=NUMBER, body="Now")
    ada.gets("Now")
    assert refused(messages(sent.sid).update, status="canceled") == (400, 30409)


def test_number_that_opts_out_meanwhile_is_not_texted(app, exchange, messages, later, ada):
    app.answers["/sms"] = ""
    sent = later(3600)
    ada.texts("STOP")
    app.was_asked("/sms")
    exchange.time_passes(3601)
    eventually(lambda: messages(sent.sid).fetch().status == "failed")
    failed = messages(sent.sid).fetch()
    assert (failed.error_code, failed.error_message) == (
        21610,
        f"Attempt to send to unsubscribed recipient {ada.number}",
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"seconds": 290}, 35114),
        ({"seconds": 35 * 24 * 3600 + 10}, 35114),
        ({"send_at": "tomorrow"}, 35114),
        ({"send_at": None}, 35111),
        ({"messaging_service_sid": None, "from_": NUMBER}, 35118),
        ({"schedule_type": "loose"}, 35126),
        ({"schedule_type": None}, 35126),
    ],
)
def test_invalid_schedule_is_rejected_with_the_error_code(later, wrong, code):
    assert refused(later, **wrong) == (400, code)


class TestSlowDelivery:
    """Delivery takes time."""

    @pytest.fixture
    def options(self):
        return {"delivery": 5.0}

    def test_text_cannot_be_canceled_once_it_is_due(self, exchange, messages, later, ada):
        sent = later(3600)
        exchange.time_passes(3601)
        assert messages(sent.sid).fetch().status == "queued"
        assert refused(messages(sent.sid).update, status="canceled") == (400, 30409)
        exchange.time_passes(10)
        ada.gets("Soon")
