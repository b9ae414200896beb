"""Somebody wants to hear of something, by text or at an address they hold."""

import json
import time

import pytest
from rq import SimpleWorker
from standardwebhooks import Webhook

from sending import followers, opt_outs
from sending.http.client import HttpClient
from sending.webhooks import endpoints
from sending.webhooks.encryption import Encryption
from store import commit_if_unchanged, new_pipeline
from tests.support.receivers import answers, leads_to, read_request, receiver
from workers import callbacks, pending_answers, subscriptions, tasks
from workers.pending_answers import PendingAnswer
from workers.queues import Queues

ADA, BOB, LANDLINE = "+447700900201", "+447700900202", "+442079460123"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Operator:
    """Stands at the edge of the network."""

    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis

    def release(self, most, ahead):
        return []


@pytest.fixture
def hands_over(settings, redis, monkeypatch):
    """Somebody asks, a worker works; what they are told."""
    operator = Operator(settings, redis)
    for room in (callbacks, subscriptions, tasks):
        monkeypatch.setattr(room, "get_gateway", lambda: operator)
    client = HttpClient(allow_loopback=True, resolver=leads_to("127.0.0.1"))
    monkeypatch.setattr(tasks, "get_client", lambda: client)
    queues, number = Queues(redis), iter(range(100))

    def ask(task, words, who=ADA, channel="text"):
        id, pipe = f"ask{next(number)}", new_pipeline(redis)
        queues.enqueue(pipe, PendingAnswer(id, "x", words, channel, who, "SM1", time.time() + 60), task)
        assert commit_if_unchanged(redis, pipe, "nothing", "")
        name = "lookups" if task is subscriptions.subscribe else "callers" if channel == "call" else "texters"
        queue = queues.by_name[name]
        SimpleWorker([queue], connection=redis, serializer=queue.serializer).work(burst=True, logging_level="ERROR")
        return pending_answers.load(redis, id).answer

    yield ask
    client.close()


def bodies(there):
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in there.requests]


def repeats_the_challenge(connection):
    while request := read_request(connection):
        data = json.loads(request.partition(b"\r\n\r\n")[2])["data"]
        said = json.dumps({"challenge": data.get("challenge", "")}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))


def secret_of(settings, one):
    return Encryption(settings.secret_key).decrypt(one.keys[0].encrypted)


def address(there):
    return f"http://hear.test:{there.port}/hook"


def test_who_follows_is_told_so_and_may_end_it(hands_over, redis):
    assert hands_over(subscriptions.follow, "github").startswith("You now follow github")
    assert followers.list_topics(redis, ADA) == ["github"]
    assert hands_over(subscriptions.unfollow, "github") == "You no longer follow github."
    assert hands_over(subscriptions.unfollow, "github") == "You do not follow github."
    assert followers.list_topics(redis, ADA) == []


def test_unfollow_alone_ends_all_of_ones_own(hands_over, redis):
    for topic in ("github", "stripe"):
        hands_over(subscriptions.follow, topic)
    hands_over(subscriptions.follow, "github", who=BOB)
    assert hands_over(subscriptions.unfollow, "") == "You no longer follow anything."
    assert (followers.list_topics(redis, ADA), followers.list_topics(redis, BOB)) == ([], ["github"])


def test_a_landline_cannot_follow_by_text_and_is_told_that_it_can_by_call(hands_over, redis):
    assert "Ask for github by call" in hands_over(subscriptions.follow, "github", who=LANDLINE)
    assert not followers.is_followed(redis, "github")
    assert "I call you." in hands_over(subscriptions.follow, "github by call", who=LANDLINE)
    assert followers.get_channel(redis, LANDLINE, "github.push") == "call"


def test_who_follows_is_told_the_address_that_ends_it_in_one_press(hands_over, redis):
    told = hands_over(subscriptions.follow, "github")
    assert f"https://talk.example/unfollow/{followers.issue_unfollow_token(redis, ADA)} to stop everything" in told
    assert followers.issue_unfollow_token(redis, ADA) not in str(
        redis.xrange("events")
    )  # the room sees the answer, not the way out


def test_on_the_phone_no_address_is_spelt_out(hands_over):
    told = hands_over(subscriptions.follow, "github", channel="call")
    assert told.endswith("Text unfollow github to stop.")


def test_who_has_texted_stop_follows_nothing(hands_over, redis):
    opt_outs.opt_out(redis, ADA)
    assert "Text START first" in hands_over(subscriptions.follow, "github")
    assert not followers.is_followed(redis, "github")


def test_an_eleventh_thing_is_too_much(hands_over):
    for number in range(followers.MAX_TOPICS_PER_NUMBER):
        hands_over(subscriptions.follow, f"github.thing{number}")
    assert "already follow 10 topics" in hands_over(subscriptions.follow, "stripe")


def test_an_address_that_repeats_the_challenge_gets_its_secret_and_nobody_else_does(hands_over, redis, settings):
    with receiver(repeats_the_challenge) as there:
        told = hands_over(subscriptions.subscribe, address(there))
    (one,) = endpoints.load_all(redis)
    assert (one.url, one.owner, one.state) == (address(there), ADA, "enabled")
    assert "call.received" in one.event_types
    assert "github.*" in one.event_types
    assert "text.received" not in one.event_types  # other people's words
    challenge, created = bodies(there)
    assert challenge["type"] == "endpoint.challenge"
    secret = secret_of(settings, one)
    assert created["data"]["secret"] == secret
    assert secret not in told
    assert all(secret.encode() not in row for _, row in redis.xrange("events") for row in row.values())
    head, _, body = there.requests[1].partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])}
    assert Webhook(secret).verify(body, headers)["type"] == "endpoint.created"


def test_an_address_that_answers_anything_else_gets_nothing(hands_over, redis):
    with receiver(answers(OK)) as there:
        assert "No webhooks go to hear.test yet." in hands_over(subscriptions.subscribe, address(there))
    assert list(endpoints.load_all(redis)) == []
    assert [body["type"] for body in bodies(there)] == ["endpoint.challenge"]


def test_an_address_that_is_not_there_is_said_so(hands_over, redis):
    with receiver(answers(OK)) as there:
        gone = address(there)
    assert "No webhooks go to hear.test yet." in hands_over(subscriptions.subscribe, gone)


def test_asking_twice_tells_the_same_secret_again(hands_over, redis, settings):
    with receiver(repeats_the_challenge) as there:
        for _ in range(2):
            hands_over(subscriptions.subscribe, address(there))
    (one,) = endpoints.load_all(redis)
    told = [body["data"]["secret"] for body in bodies(there) if body["type"] == "endpoint.created"]
    assert told == [secret_of(settings, one)] * 2


def test_asking_again_after_the_secret_key_was_lost_tells_a_new_secret(hands_over, redis, settings):
    with receiver(repeats_the_challenge) as there:
        client, lost = HttpClient(allow_loopback=True), Encryption(["a secret key that is gone"])
        endpoints.create(redis, client, lost, address(there), http=True, owner=ADA, event_types=("call.ended",))
        assert "has received its secret" in hands_over(subscriptions.subscribe, address(there))
    (one,) = endpoints.load_all(redis)
    assert len(one.keys) == 1
    assert bodies(there)[-1]["data"]["secret"] == secret_of(settings, one)


def test_a_fourth_address_is_too_much(hands_over, redis):
    with receiver(repeats_the_challenge) as there:
        for number in range(subscriptions.MAX_ENDPOINTS_PER_NUMBER):
            hands_over(subscriptions.subscribe, f"{address(there)}/{number}")
        assert "already have 3 addresses" in hands_over(subscriptions.subscribe, address(there))
    assert len(list(endpoints.load_all(redis))) == subscriptions.MAX_ENDPOINTS_PER_NUMBER


def test_what_lies_behind_an_address_is_not_said_again(hands_over):
    told = hands_over(subscriptions.unfollow, "https://hear.test/hook/t0ken")
    assert told == "You do not follow https://hear.test/…."


def test_only_its_owner_ends_an_address(hands_over, redis):
    with receiver(repeats_the_challenge) as there:
        hands_over(subscriptions.subscribe, address(there))
    assert hands_over(subscriptions.unfollow, "hear.test", who=BOB) == "You do not follow hear.test."
    assert len(list(endpoints.load_all(redis))) == 1
    assert hands_over(subscriptions.unfollow, "hear.test") == "We no longer send webhooks to hear.test."
    assert list(endpoints.load_all(redis)) == []
