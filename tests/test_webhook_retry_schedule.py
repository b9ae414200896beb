"""The retry schedule of webhooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.webhooks import delivery_jobs, retries
from settings import webhook_retry_schedule


def test_default_schedule_takes_three_days():
    assert sum(webhook_retry_schedule.DEFAULT_DELAYS_SECONDS) == pytest.approx(75.6 * 3600, rel=0.001)


def test_schedule_has_a_default(settings):
    assert settings.webhook_schedule == webhook_retry_schedule.DEFAULT_DELAYS_SECONDS


def test_schedule_can_be_configured(environ, monkeypatch):
    for name, text in (environ | {"WEBHOOK_SCHEDULE": "0, 7"}).items():
        monkeypatch.setenv(name, text)
    _, _, options = delivery_jobs._get_sender.__wrapped__()
    assert options["schedule"] == (0, 7)


@given(st.integers(0, 20), st.floats(0, 1))
def test_jitter_is_at_most_20_percent(tries, chance):
    seconds = retries.retry_delay(tries, random_fraction=chance)
    if tries >= 10:
        assert seconds is None
    else:
        promised = webhook_retry_schedule.DEFAULT_DELAYS_SECONDS[tries]
        assert promised * 0.8 - 0.001 <= seconds <= promised * 1.2 + 0.001
