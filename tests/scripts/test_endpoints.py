"""Somebody at a keyboard sees to who hears our webhooks."""

import argparse
import threading
import time

import pytest
from werkzeug.serving import make_server

import config
from app import create_app
from scripts import endpoints as tool
from sending.http.client import HttpClient
from sending.webhooks import dispatch, endpoints
from sending.webhooks.encryption import Encryption
from tests.support.ports import reserved_port
from workers import redelivery_job, runs

TOKEN = "a-token-for-the-command-line"


@pytest.fixture
def running(environ, redis):
    """The app on a real socket; what its environment is."""
    app = create_app(config.load(environ | {"API_TOKENS": TOKEN}), redis)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield {"PORT": str(server.server_port), "API_TOKENS": f"{TOKEN}, an-older-one-of-these"}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def id(redis, settings):
    seal = Encryption(settings.secret_key)
    return endpoints.create(redis, HttpClient(), seal, "https://hear.example/hook", event_types=("text.*",)).id


@pytest.fixture
def says(running, capsys):
    def say(*words, code=0):
        assert tool.main(list(words), running) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    return say


def test_endpoints_are_listed(says, id):
    line = says("list").strip()
    assert line.split() == [id, "enabled", "https://hear.example/hook", "text.*"]


def test_an_empty_house_says_so(says):
    assert says("list") == "There are none yet.\n"


def test_attempts_can_be_read_and_one_sent_again(says, id, redis, settings):
    message = dispatch.deliver_later(redis, "text.received", {})
    dispatch.enqueue_due(redis)
    dispatch.deliver(redis, HttpClient(resolver=lambda *_: []), Encryption(settings.secret_key), id)
    assert f"{message}  text.received  attempt 1  dns" in says("attempts", id)
    assert says("resend", id, message) == f"{message} goes out once more.\n"


def test_an_example_is_sent(says, id, redis):
    message = says("example", id, "github.push").split()[0]
    assert redis.zrange(f"endpoint:{id}:due", 0, -1) == [message.encode()]


def test_a_bad_hour_is_recovered_and_it_is_said_how_far_it_is(says, id, redis):
    for _ in range(3):
        message = dispatch.deliver_later(redis, "text.received", {})
        redis.zadd(f"endpoint:{id}:dead", {message: time.time() - 60})
    assert message in says("dead", id)
    queue, given_up_at = dispatch.get_queue(redis), time.monotonic() + 20

    def work():
        while time.monotonic() < given_up_at:
            for job in queue.jobs:
                redelivery_job.execute(redis, runs.load(redis, *job.args))
                return
            time.sleep(0.02)

    worker = threading.Thread(target=work)
    worker.start()
    assert says("recover", id, "2h").endswith("3 of 3 go out once more\n")
    worker.join()
    assert says("dead", id) == "There is no dead letter.\n"


def test_it_is_paused_and_resumed(says, id):
    assert says("pause", id) == "It is paused now.\n"
    assert says("resume", id) == "It is enabled now.\n"


def test_what_the_app_refuses_is_said_in_its_own_words(says, id, redis):
    assert "There is no such endpoint." in says("attempts", "ep_0000000000000000", code=1)
    endpoints.disable(redis, id, "gone")
    assert "Resume it first" in says("recover", id, "all", code=1)


def test_with_another_token_it_is_said_so(running, capsys):
    assert tool.main(["list"], {**running, "API_TOKENS": "a-token-of-somebody-else"}) == 1
    assert "API_TOKENS" in capsys.readouterr().err


def test_without_an_app_it_says_how_to_start_one(capsys):
    assert tool.main(["list"], {"PORT": str(reserved_port()), "API_TOKENS": TOKEN}) == 1
    assert "make demo" in capsys.readouterr().err


def test_a_time_is_said_as_people_say_it():
    assert abs(tool.parse_time("2h") - (time.time() - 7_200)) < 5
    assert tool.parse_time("all") == 0
    assert tool.parse_time("2026-11-23T18:00+00:00") == 1795456800.0
    for nonsense in ("", "2", "2w", "tomorrow", "99999999h"):
        with pytest.raises(argparse.ArgumentTypeError):
            tool.parse_time(nonsense)
