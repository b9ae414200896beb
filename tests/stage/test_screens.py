"""Reports of the browsers that show the stage."""

import time

import pytest

from stage import screens
from web.token_bucket import TokenBucket


@pytest.fixture
def report(visitor, monkeypatch):
    monkeypatch.setattr(screens, "reports", TokenBucket(200, 70))  # other tests in this process may have used it up

    def post(id="0123456789abcdef", ago=0.2, size="1920x1080", **fields):
        return visitor.post("/screens", data={"id": id, "time": time.time() - ago, "size": size, **fields})

    return post


def test_lag_is_the_age_of_the_last_heartbeat(report, stage_events):
    assert report(ago=7).status_code == 204
    (screen,) = screens.load(stage_events.redis)
    assert 7 <= screen.lag < 9
    assert screen.is_behind
    assert (screen.size, screen.is_presenters) == ("1920x1080", False)


def test_second_report_replaces_the_first(report, stage_events):
    report(ago=7)
    report(ago=0)
    assert [screen.is_behind for screen in screens.load(stage_events.redis)] == [False]


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "x"},
        {"id": "0" * 5000},
        {"size": "big"},
        {"size": "99999999x1"},
        {"time": "soon"},
        {"time": "nan"},
        {"time": ""},
    ],
)
def test_nonsense_is_rejected_and_not_stored(report, stage_events, fields):
    assert report(**fields).status_code == 400
    assert not screens.load(stage_events.redis)


def test_extreme_times_are_bounded(report, stage_events):
    report(ago=1e300)
    report(id="f" * 16, ago=-1e9)
    assert sorted(screen.lag for screen in screens.load(stage_events.redis)) == [0, screens.MAX_LAG_SECONDS]


def test_number_of_screens_is_bounded(report, stage_events, monkeypatch):
    monkeypatch.setattr(screens, "MAX_SCREENS", 3)
    for number in range(5):
        assert report(id=f"{number:016x}").status_code == 204
    assert len(screens.load(stage_events.redis)) == 3


def test_flood_of_reports_is_refused_before_it_reaches_the_store(report, monkeypatch):
    monkeypatch.setattr(screens.reports, "capacity", 0)
    answer = report()
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]


def test_screen_that_reports_no_more_disappears(report, stage_events):
    report()
    assert 0 < stage_events.redis.ttl("screen:0123456789abcdef") <= screens.TTL_SECONDS
    stage_events.redis.delete("screen:0123456789abcdef")  # what its expiry does
    assert not screens.load(stage_events.redis)
