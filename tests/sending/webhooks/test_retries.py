"""The retry schedule, and which outcomes are retried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.webhooks import dispatch, retries


def test_default_schedule_takes_three_days():
    assert sum(retries.RETRY_SCHEDULE_SECONDS) == pytest.approx(75.6 * 3600, rel=0.001)


def test_schedule_has_a_default(settings):
    assert settings.webhook_schedule == retries.RETRY_SCHEDULE_SECONDS


def test_schedule_can_be_configured(environ, monkeypatch):
    for name, text in (environ | {"WEBHOOK_SCHEDULE": "0, 7"}).items():
        monkeypatch.setenv(name, text)
    _, _, options = dispatch._get_sender.__wrapped__()
    assert options["schedule"] == (0, 7)


@given(st.integers(0, 20), st.floats(0, 1))
def test_jitter_is_at_most_20_percent(tries, chance):
    seconds = retries.retry_delay(tries, random_fraction=chance)
    if tries >= 10:
        assert seconds is None
    else:
        promised = retries.RETRY_SCHEDULE_SECONDS[tries]
        assert promised * 0.8 - 0.001 <= seconds <= promised * 1.2 + 0.001


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([200, 201, 204, 299], "delivered"),
        ([301, 302, 303, 307, 308, 304], "retry"),
        ([400, 401, 403, 404, 405, 408, 413, 415, 422, 425, 500, 501, 599, 102, 999], "retry"),
        ([410], "retry"),
        ([429, 502, 503, 504], "back_off"),
    ],
)
def test_outcome_of_each_status(statuses, verdict):
    assert {retries.classify_status(status).verdict for status in statuses} == {verdict}


def test_only_410_disables():
    assert [status for status in range(100, 1000) if retries.classify_status(status).disables_endpoint] == [410]


@pytest.mark.parametrize("cause", ["dns", "connect", "tls", "timeout", "too large", "protocol"])
def test_connection_errors_are_retried(cause):
    assert retries.classify_cause(cause).verdict == "retry"


def test_blocked_address_is_not_retried():
    assert retries.classify_cause("blocked").disables_endpoint
