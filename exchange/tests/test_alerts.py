"""The debugger's alerts, read with Twilio's client from monitor.twilio.com."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException


@pytest.fixture
def alerts(exchange):
    client = exchange.client()
    client.monitor.base_url = exchange.origin
    return client.monitor.v1.alerts


@pytest.fixture
def mistakes(app, exchange, ada):
    """One warning, then one error."""
    app.answers["/sms"] = "<Response><Message/></Response>"
    ada.texts("hello")
    exchange.warns(14103)
    app.answers["/sms"] = "<Response>"
    ada.texts("hello")
    exchange.warns(12100)


def test_alerts_are_listed_newest_first_and_filtered_by_level_and_date(mistakes, alerts):
    assert [alert.error_code for alert in alerts.list(page_size=1)] == ["12100", "14103"]
    assert [alert.error_code for alert in alerts.list(log_level="warning")] == ["14103"]
    now = datetime.now(UTC)
    assert len(alerts.list(start_date=now - timedelta(minutes=1), end_date=now + timedelta(minutes=1))) == 2
    assert alerts.list(start_date=now + timedelta(minutes=1)) == []


def test_alert_contains_request_and_response(app, mistakes, alerts, ada):
    alert = alerts(alerts.list()[0].sid).fetch()
    assert alert.request_url == f"{app.origin}/sms"
    assert "Body=hello" in alert.request_variables
    assert alert.response_body == "<Response>"
    assert alert.resource_sid.startswith("SM")
    assert "cannot+be+parsed" in alert.alert_text
    assert alert.date_created.date() == datetime.now(UTC).date()


def test_unknown_alert_is_404(alerts):
    with pytest.raises(TwilioRestException) as caught:
        alerts("NO" + "0" * 32).fetch()
    assert caught.value.code == 20404
