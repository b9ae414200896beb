"""The count command: exact, idempotent, and quick for any audience."""

import pytest

from phone.commands import count
from phone.commands.count import record_use, summarize_uses
from workers import pending_answers


class Telephone:
    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis


@pytest.fixture
def telephone(settings, redis, monkeypatch):
    monkeypatch.setattr(count, "get_gateway", lambda: Telephone(settings, redis))


def remember(redis, *commands, who="alias"):
    for command in commands:
        record_use(redis, command, who)


def test_without_history(telephone):
    assert summarize_uses("") == "Nobody has asked this number anything yet. You are the first."


def test_reports_people_commands_and_the_most_frequent(telephone, redis):
    remember(redis, "time", "time", "flip")
    remember(redis, "time", who="another")
    assert "2 people have asked this number 4 things. Most often: time 3, flip 1." in summarize_uses("")


def test_uses_the_singular(telephone, redis):
    remember(redis, "time")
    assert "1 person has asked this number 1 thing." in summarize_uses("")


def test_counts_everything_and_reports_its_progress(telephone, redis, monkeypatch):
    reports = []
    monkeypatch.setattr(pending_answers, "report_progress", lambda done, words: reports.append((done, words)))
    for number in range(5_000):
        remember(redis, "time", who=f"{number:012x}")
    assert "5,000 people have asked this number 5,000 things" in summarize_uses("")
    assert reports == [(0.5, "5,000 people counted")]
    assert sum(redis.memory_usage(key, samples=0) for key in redis.keys("command-*")) < 400_000


def test_takes_no_longer_for_a_large_audience(telephone, redis, monkeypatch):
    monkeypatch.setattr(pending_answers, "report_progress", lambda *_: None)
    redis.sadd("command-people", *(f"{number:012x}" for number in range(5_000)))
    remember(redis, "time")
    redis.config_resetstat()
    summarize_uses("")
    commands = redis.info("commandstats")
    assert sum(stats["calls"] for name, stats in commands.items() if name != "cmdstat_config|resetstat") < 5


def test_is_idempotent(telephone, redis):
    remember(redis, "time")
    assert summarize_uses("") == summarize_uses("")
