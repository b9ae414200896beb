"""Retries of requests: how often, and how long a Retry-After header makes us wait."""

import os
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from sending.http.retry import MAX_DELAY_SECONDS, GaveUp, RetryableError, parse_retry_after, with_retries

NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)
MAX_SECONDS = 21_600
IMF_FIXDATE, RFC_850, ASCTIME = "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"


def date_in(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(NOW.timestamp() + seconds, UTC), usegmt=True)


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def machine_in_another_zone(request, monkeypatch):
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.delenv("TZ") if before is None else monkeypatch.setenv("TZ", before)
    time.tzset()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("999999", MAX_SECONDS),
        ("9" * 400, MAX_SECONDS),
        ("9" * 5_000, MAX_SECONDS),
        (date_in(90), 90),
        (date_in(-90), 0),
        (date_in(900_000), MAX_SECONDS),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("٣", 0),
        ("Mon, 99 Nov 2026 99:99:99 GMT", MAX_SECONDS),  # overflows into the next month
        ("Mon, 23 Nov 99999 18:00:00 GMT", 0),
    ],
)
def test_seconds_and_dates_are_parsed_up_to_a_maximum(header, seconds):
    with time_machine.travel(NOW, tick=False):
        assert parse_retry_after(header, MAX_SECONDS) == seconds


@pytest.mark.parametrize("form", [IMF_FIXDATE, RFC_850, ASCTIME])
def test_http_dates_are_utc_in_any_time_zone(form, machine_in_another_zone):
    with time_machine.travel(NOW, tick=False):
        assert parse_retry_after(datetime(2026, 11, 8, 12, 1, 30).strftime(form), MAX_SECONDS) == 90


@given(st.text() | st.text("0123456789 ,:-+.GMTNovSunday"))
def test_any_text_is_a_delay_up_to_the_maximum(header):
    assert 0 <= parse_retry_after(header, MAX_SECONDS) <= MAX_SECONDS


def test_default_maximum_is_half_a_minute():
    assert parse_retry_after("3600") == MAX_DELAY_SECONDS == 30


def test_gives_up_after_five_tries_with_the_reason():
    waits = []

    def fails():
        raise RetryableError("Twilio answered 503", 100)

    with pytest.raises(GaveUp, match="Twilio answered 503, 5 times"):
        with_retries(fails, waits.append)
    assert waits == [MAX_DELAY_SECONDS] * 4
