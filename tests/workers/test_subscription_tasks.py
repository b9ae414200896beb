"""The commands follow, unfollow and webhook as a worker executes them."""

import json
import time

import pytest
from rq import SimpleWorker
from standardwebhooks import Webhook

from sending import followers, opt_outs, outbox, unfollow_tokens
from sending.http.client import HttpClient
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import registration_by_phone, stored_endpoints
from store import commit_if_unchanged, new_pipeline
from tests.support.environment import SECRETS
from tests.support.receivers import answers, leads_to, read_request, receiver
from tests.support.silent_gateway import SilentGateway
from workers import answer_delivery, pending_answers, subscription_tasks, tasks
from workers.pending_answers import PendingAnswer
from workers.queues import Queues

ADA, BOB, LANDLINE = "+447700900201", "+447700900202", "+442079460123"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.fixture
def run_task(settings, redis, monkeypatch):
    """Run a task in a worker; return the answer."""
    gateway = SilentGateway(settings, redis)
    for module in (answer_delivery, subscription_tasks, tasks):
        monkeypatch.setattr(module, "get_gateway", lambda: gateway)
    client = HttpClient(allow_loopback=True, resolver=leads_to("127.0.0.1"))
    monkeypatch.setattr(tasks, "get_client", lambda: client)
    queues, number = Queues(redis), iter(range(100))

    def ask(task, words, who=ADA, channel="text"):
        id, pipe = f"ask{next(number)}", new_pipeline(redis)
        queues.enqueue(pipe, PendingAnswer(id, "x", words, channel, who, "SM1", time.time() + 60), task)
        assert commit_if_unchanged(redis, pipe, "nothing", "")
        name = "lookups" if task is subscription_tasks.subscribe else "callers" if channel == "call" else "texters"
        queue = queues.by_name[name]
        SimpleWorker([queue], connection=redis, serializer=queue.serializer).work(burst=True, logging_level="ERROR")
        message = outbox.load(redis, f"answer:{id}")
        return message.body if message else pending_answers.load(redis, id).answer

    yield ask
    client.close()


def bodies(there):
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in there.requests]


def returns_the_challenge(connection):
    while request := read_request(connection):
        data = json.loads(request.partition(b"\r\n\r\n")[2])["data"]
        said = json.dumps({"challenge": data.get("challenge", "")}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))


def secret_of(settings, one):
    return Encryption(settings.secret_key).decrypt(one.keys[0].encrypted)


def address(there):
    return f"http://hear.test:{there.port}/hook"


def test_follow_and_unfollow_are_confirmed(run_task, redis):
    assert run_task(subscription_tasks.follow, "github").startswith("You now follow github")
    assert followers.list_topics(redis, ADA) == ["github"]
    assert run_task(subscription_tasks.unfollow, "github") == "You no longer follow github."
    assert run_task(subscription_tasks.unfollow, "github") == "You do not follow github."
    assert followers.list_topics(redis, ADA) == []


def test_unfollow_without_a_topic_ends_all_own_subscriptions(run_task, redis):
    for topic in ("github", "stripe"):
        run_task(subscription_tasks.follow, topic)
    run_task(subscription_tasks.follow, "github", who=BOB)
    assert run_task(subscription_tasks.unfollow, "") == "You no longer follow anything."
    assert (followers.list_topics(redis, ADA), followers.list_topics(redis, BOB)) == ([], ["github"])


def test_landline_can_follow_by_call_only(run_task, redis):
    assert "Ask for github by call" in run_task(subscription_tasks.follow, "github", who=LANDLINE)
    assert not followers.is_followed(redis, "github")
    assert "I will call you." in run_task(subscription_tasks.follow, "github by call", who=LANDLINE)
    assert followers.get_channel(redis, LANDLINE, "github.push") == "call"


def test_confirmation_has_the_unfollow_link_but_events_do_not(run_task, redis):
    told = run_task(subscription_tasks.follow, "github")
    assert (
        f"https://talk.example/unfollow/{unfollow_tokens.issue_unfollow_token(redis, ADA)} to stop everything" in told
    )
    assert unfollow_tokens.issue_unfollow_token(redis, ADA) not in str(
        redis.xrange("events")
    )  # the audience must not see the link


def test_confirmation_by_phone_has_no_link(run_task):
    told = run_task(subscription_tasks.follow, "github", channel="call")
    assert told.endswith("Text unfollow github to stop.")


def test_opted_out_person_cannot_follow(run_task, redis):
    opt_outs.opt_out(redis, ADA, SECRETS)
    assert "Text START first" in run_task(subscription_tasks.follow, "github")
    assert not followers.is_followed(redis, "github")


def test_eleventh_topic_is_refused(run_task):
    for number in range(followers.MAX_TOPICS_PER_NUMBER):
        run_task(subscription_tasks.follow, f"github.thing{number}")
    assert "already follow 10 topics" in run_task(subscription_tasks.follow, "stripe")


def test_verified_endpoint_gets_its_secret_in_the_created_webhook_only(run_task, redis, settings):
    with receiver(returns_the_challenge) as there:
        told = run_task(subscription_tasks.subscribe, address(there))
    (one,) = stored_endpoints.load_all(redis)
    assert (one.url, one.owner, one.state) == (address(there), ADA, "enabled")
    assert "call.received" in one.event_types
    assert "github.*" in one.event_types
    assert "text.received" not in one.event_types  # texts of other people
    challenge, created = bodies(there)
    assert challenge["type"] == "endpoint.challenge"
    secret = secret_of(settings, one)
    assert created["data"]["secret"] == secret
    assert secret not in told
    assert all(secret.encode() not in row for _, row in redis.xrange("events") for row in row.values())
    head, _, body = there.requests[1].partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])}
    assert Webhook(secret).verify(body, headers)["type"] == "endpoint.created"


def test_failed_verification_creates_no_endpoint(run_task, redis):
    with receiver(answers(OK)) as there:
        assert "No webhooks go to hear.test yet." in run_task(subscription_tasks.subscribe, address(there))
    assert list(stored_endpoints.load_all(redis)) == []
    assert [body["type"] for body in bodies(there)] == ["endpoint.challenge"]


def test_deeply_nested_answer_to_the_challenge_creates_no_endpoint(run_task, redis):
    body = b"[" * 60_000
    with receiver(answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))) as there:
        assert "It must return the challenge" in run_task(subscription_tasks.subscribe, address(there))
    assert list(stored_endpoints.load_all(redis)) == []


def test_unreachable_address_creates_no_endpoint(run_task, redis):
    with receiver(answers(OK)) as there:
        gone = address(there)
    assert "No webhooks go to hear.test yet." in run_task(subscription_tasks.subscribe, gone)


def test_subscribing_twice_sends_the_same_secret(run_task, redis, settings):
    with receiver(returns_the_challenge) as there:
        for _ in range(2):
            run_task(subscription_tasks.subscribe, address(there))
    (one,) = stored_endpoints.load_all(redis)
    told = [body["data"]["secret"] for body in bodies(there) if body["type"] == "endpoint.created"]
    assert told == [secret_of(settings, one)] * 2


def test_subscribing_again_after_a_lost_secret_key_sends_a_new_secret(run_task, redis, settings):
    with receiver(returns_the_challenge) as there:
        client, lost = HttpClient(allow_loopback=True), Encryption(["a secret key that is gone"])
        stored_endpoints.create(redis, client, lost, address(there), http=True, owner=ADA, event_types=("call.ended",))
        assert "has received its secret" in run_task(subscription_tasks.subscribe, address(there))
    (one,) = stored_endpoints.load_all(redis)
    assert len(one.keys) == 1
    assert bodies(there)[-1]["data"]["secret"] == secret_of(settings, one)


def test_fourth_endpoint_is_refused(run_task, redis):
    with receiver(returns_the_challenge) as there:
        for number in range(registration_by_phone.MAX_ENDPOINTS_PER_NUMBER):
            run_task(subscription_tasks.subscribe, f"{address(there)}/{number}")
        assert "already have 3 addresses" in run_task(subscription_tasks.subscribe, address(there))
    assert len(list(stored_endpoints.load_all(redis))) == registration_by_phone.MAX_ENDPOINTS_PER_NUMBER


@pytest.mark.parametrize("suffix", ["/3", "/4"])
def test_requests_at_the_same_time_create_no_fourth_endpoint_and_none_twice(run_task, redis, settings, suffix):
    """While the third address is being verified, another job registers an address of the same person."""
    client, encryption = HttpClient(allow_loopback=True), Encryption(settings.secret_key)

    def is_slow(connection):
        if len(list(stored_endpoints.load_all(redis))) == 2:
            url = address(there) + suffix
            stored_endpoints.create(redis, client, encryption, url, http=True, owner=ADA, event_types=("call.ended",))
        returns_the_challenge(connection)

    with receiver(is_slow) as there:
        for number in (1, 2):
            url = f"{address(there)}/{number}"
            stored_endpoints.create(redis, client, encryption, url, http=True, owner=ADA, event_types=("call.ended",))
        told = run_task(subscription_tasks.subscribe, f"{address(there)}/3")
    assert ("already have 3 addresses" in told) == (suffix == "/4")
    assert len(list(stored_endpoints.load_all(redis))) == registration_by_phone.MAX_ENDPOINTS_PER_NUMBER


def test_unfollow_does_not_repeat_the_path_of_an_address(run_task):
    told = run_task(subscription_tasks.unfollow, "https://hear.test/hook/t0ken")
    assert told == "You do not follow https://hear.test/…."


def test_only_the_owner_can_remove_an_endpoint(run_task, redis):
    with receiver(returns_the_challenge) as there:
        run_task(subscription_tasks.subscribe, address(there))
    assert run_task(subscription_tasks.unfollow, "hear.test", who=BOB) == "You do not follow hear.test."
    assert len(list(stored_endpoints.load_all(redis))) == 1
    assert run_task(subscription_tasks.unfollow, "hear.test") == "We no longer send webhooks to hear.test."
    assert list(stored_endpoints.load_all(redis)) == []


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (subscription_tasks.follow, "github"),
        (subscription_tasks.follow, "github by call"),
        (subscription_tasks.unfollow, ""),
        (subscription_tasks.unfollow, "hear.example"),
        (subscription_tasks.subscribe, "https://hear.example/hook"),
    ],
)
def test_caller_without_a_number_cannot_subscribe_to_anything(redis, run_task, task, words):
    assert run_task(task, words, who="", channel="call") == subscription_tasks.NO_NUMBER
    assert not redis.keys("followers:*") + redis.keys("topics:*")
    assert not list(stored_endpoints.load_all(redis))
