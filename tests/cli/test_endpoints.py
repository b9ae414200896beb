"""`flask endpoints`: an operator manages webhook endpoints from the command line."""

import threading
import time

import click
import pytest

from cli.options import PAST_TIME
from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from tests.support.waiting import eventually
from tests.support.webhook_sender import store_message
from workers import job_progress, redelivery_job


@pytest.fixture
def id(redis, settings):
    encryption = Encryption(settings.secret_key)
    return stored_endpoints.create(
        redis, HttpClient(), encryption, "https://hear.example/hook", event_types=("text.*",)
    ).id


@pytest.fixture
def says(app):
    """Runs a command; returns its output, or its error messages if it fails as expected."""

    def say(*words, code=0):
        result = app.test_cli_runner().invoke(args=["endpoints", *words])
        assert result.exit_code == code, result.output
        return result.stderr if code else result.stdout

    return say


def test_endpoints_are_listed(says, id):
    assert says("list").split() == [id, "enabled", "https://hear.example/hook", "text.*"]


def test_without_endpoints_it_says_so(says):
    assert says("list") == "There are no endpoints.\n"


def test_attempts_can_be_read_and_one_sent_again(says, id, redis, settings):
    message = delivery_jobs.deliver_later(redis, "text.received", {})
    delivery_jobs.enqueue_due(redis)
    message_delivery.deliver(redis, HttpClient(resolver=lambda *_: []), Encryption(settings.secret_key), id)
    assert f"{message}  text.received  attempt 1  dns" in says("attempts", id)
    assert says("resend", id, message) == f"{message} will be sent again.\n"
    assert "no longer stored" in says("resend", id, "msg_gone", code=1)


def test_time_of_an_attempt_can_be_given_to_recover(says, id, redis, settings, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        before = int(time.time())
        delivery_jobs.deliver_later(redis, "text.received", {})
        delivery_jobs.enqueue_due(redis)
        message_delivery.deliver(redis, HttpClient(resolver=lambda *_: []), Encryption(settings.secret_key), id)
        [day, clock, *_] = says("attempts", id).split()
        assert before <= PAST_TIME.convert(f"{day}T{clock}", None, None) <= time.time()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_example_is_sent(says, id, redis):
    message = says("example", id, "github.push").split()[0]
    assert redis.zrange(f"endpoint:{id}:due", 0, -1) == [message.encode()]
    for unknown in ("no such type", "banana.split"):
        assert "Known event types: text.received" in says("example", id, unknown, code=1)


def test_failed_messages_are_recovered_and_the_progress_is_shown(says, id, redis):
    for _ in range(3):
        message = store_message(redis, dead_at=time.time() - 60, endpoint=id)
    assert message in says("dead", id)
    queue = delivery_jobs.get_queue(redis)

    def work():
        (job,) = eventually(lambda: queue.jobs)
        redelivery_job.execute(redis, job_progress.load(redis, *job.args))

    worker = threading.Thread(target=work)
    worker.start()
    assert says("recover", id, "2h").endswith("3 of 3 will be sent again\n")
    worker.join()
    assert says("dead", id) == "There are no dead letters.\n"


def test_it_is_paused_and_resumed(says, id):
    assert says("pause", id) == "The endpoint is paused.\n"
    assert says("resume", id) == "The endpoint is enabled.\n"


def test_errors_have_messages(says, id, redis):
    assert "There is no such endpoint." in says("attempts", "ep_0000000000000000", code=1)
    stored_endpoints.disable(redis, id, "gone")
    assert "Resume it first" in says("recover", id, "all", code=1)


def test_a_time_is_relative_or_absolute():
    def parse(text):
        return PAST_TIME.convert(text, None, None)

    assert abs(parse("2h") - (time.time() - 7_200)) < 5
    assert parse("all") == 0
    assert parse("2026-11-23T18:00+00:00") == 1795456800.0
    for nonsense in ("", "2", "2w", "tomorrow", "99999999h"):
        with pytest.raises(click.BadParameter):
            parse(nonsense)
