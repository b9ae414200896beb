"""Receivers of every temper, and what becomes of the webhooks we send them."""

import threading
import time
from email.utils import formatdate
from types import SimpleNamespace

import pytest
import standardwebhooks
from loopback import OK, answers, drips, leads_to, never_answers, read_request, receiver, says_and_closes
from rq import SimpleWorker
from rq.serializers import JSONSerializer

import events
from sending import recovery, subscribers, webhooks
from sending.http import Client
from sending.sealing import Seal

SEAL = Seal(["a secret key of these tests"])
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops"


@pytest.fixture
def house(redis, client):
    return House(redis, client)


class House:
    """Our side: subscribers, messages, and time that can be hurried."""

    def __init__(self, redis, client):
        self.redis, self.client = redis, client

    def subscribes(self, there, **wishes):
        url = f"http://receiver.test:{there.port}/hook"
        return subscribers.create(self.redis, self.client, SEAL, url, http=True, **wishes).id

    def secret(self, id):
        return SEAL.open(subscribers.load(self.redis, id).keys[0].sealed)

    def says(self, kind="text.received", **data):
        return webhooks.deliver_later(self.redis, kind, data or {"words": "grüezi"})

    def sends(self, id, **limits):
        """Find subscribers, and let this one have what is due."""
        webhooks.due(self.redis)
        return webhooks.deliver(self.redis, self.client, SEAL, id, http=True, **limits)

    def time_passes(self, id):
        """All that waits for this subscriber is due now, and its hold is over."""
        for message in self.redis.zrange(f"hook:{id}:due", 0, -1):
            self.redis.zadd(f"hook:{id}:due", {message: 1})
        self.redis.hset(f"hook:{id}", "hold", 0)

    def state(self, message, id):
        return self.redis.hget(f"delivery:{message}:{id}", "state").decode()

    def attempts(self, id):
        return list(reversed(webhooks.attempts(self.redis, id)))

    def waits_for(self, id):
        """Seconds until the next attempt, and until the subscriber is tried at all."""
        due = self.redis.zrange(f"hook:{id}:due", 0, 0, withscores=True)[0][1]
        return due - time.time(), float(self.redis.hget(f"hook:{id}", "hold") or 0) - time.time()

    def told(self):
        kinds = [event.kind for event in events.latest(self.redis, 100)]
        return [kind for kind in kinds if kind.startswith("webhook.") or kind == "subscriber.disabled"]


def test_a_receiver_that_knows_the_specification_accepts_it(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        message = house.says(words="grüezi")
        assert house.sends(id) == 1
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    secret = house.secret(id)
    event = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (event["type"], event["data"]) == ("text.received", {"words": "grüezi"})
    assert (headers["webhook-id"], headers["webhook-sequence"]) == (message, "1")
    assert headers["Content-Type"] == "application/json"
    assert (house.state(message, id), house.told()) == ("delivered", ["webhook.delivered"])


def test_only_those_who_want_it_hear_of_it(house):
    with receiver(answers(OK)) as there:
        calls, texts = house.subscribes(there, kinds=("call.*",)), house.subscribes(there, kinds=("text.*",))
        house.says("call.ended", seconds=3)
        assert (house.sends(calls), house.sends(texts)) == (1, 0)


def test_a_message_said_twice_is_sent_once(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        for _ in range(2):
            webhooks.deliver_later(house.redis, "text.received", {}, id="msg_same")
            house.sends(id)
    assert len(there.requests) == 1


def test_a_receiver_that_fails_once_gets_it_again_with_the_same_id_and_a_new_signature(house):
    with receiver(answers(BROKEN, OK)) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
        assert house.state(message, id) == "waiting"
        assert 3.9 < house.waits_for(id)[0] < 6.1
        house.time_passes(id)
        house.sends(id)
    first, second = house.attempts(id)
    assert [first.status, first.cause, first.body, second.status] == [500, "status", "oops", 200]
    assert [first.tries, second.tries] == [1, 2]
    assert first.request["webhook-id"] == second.request["webhook-id"] == message
    assert (house.state(message, id), house.told()) == ("delivered", ["webhook.failed", "webhook.delivered"])


@pytest.mark.parametrize(
    ("temper", "cause"),
    [
        (answers(b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"), "status"),
        (answers(b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"), "status"),
        (says_and_closes(b""), "protocol"),
        (says_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), "protocol"),
        (drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n"), "timeout"),
        (never_answers, "timeout"),
    ],
    ids=["redirect", "404", "closes", "closes early", "drips", "silent"],
)
def test_a_receiver_that_misbehaves_is_tried_again_later_and_the_cause_is_kept(house, monkeypatch, temper, cause):
    request = house.client.request
    monkeypatch.setattr(house.client, "request", lambda *a, **k: request(*a, **k, finish_within=0.2))
    with receiver(temper) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert (house.attempts(id)[-1].cause, house.state(message, id)) == (cause, "waiting")


def test_a_hundred_megabytes_of_answer_are_a_delivery(house):
    def temper(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000))

    with receiver(temper) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert (house.state(message, id), len(house.attempts(id)[0].body)) == ("delivered", 2_000)


def test_a_connection_that_breaks_at_once_is_tried_again_at_once(house):
    with receiver(says_and_closes(b"")) as there:
        id = house.subscribes(there)
        house.says()
        house.sends(id)
    assert [row.tries for row in house.attempts(id)] == [1, 1]
    assert len(there.requests) == 2


@pytest.mark.parametrize(
    "header", [lambda: "120", lambda: formatdate(time.time() + 120, usegmt=True)], ids=["s", "date"]
)
@pytest.mark.parametrize("status", [b"429", b"503"])
def test_a_receiver_that_asks_for_time_gets_it_for_all_its_messages(house, status, header):
    busy = b"HTTP/1.1 " + status + b" Busy\r\nRetry-After: " + header().encode() + b"\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(busy)) as there:
        id = house.subscribes(there)
        for _ in range(3):
            house.says()
        assert house.sends(id) == 1
        _, endpoint = house.waits_for(id)
        assert house.sends(id) == 0
    assert 100 < endpoint < 121
    assert len(there.requests) == 1


def test_a_receiver_that_is_gone_is_stopped_and_its_owner_told(house):
    with receiver(answers(GONE)) as there:
        id = house.subscribes(there, owner="+447700900123")
        for _ in range(2):
            house.says()
        assert house.sends(id) == 1
        house.time_passes(id)
        assert house.sends(id) == 0
    stopped = subscribers.load(house.redis, id)
    assert (stopped.state, stopped.why) == ("off", "It answered 410, gone, so we stopped.")
    assert "subscriber.disabled" in house.told()
    (effect,) = house.redis.keys("effect:stopped-*")
    assert b"receiver.test" in house.redis.hget(effect, "body")


@pytest.mark.parametrize(
    ("status", "wish", "message_is", "endpoint_is"),
    [
        (b"200", b"disable", "delivered", "off"),
        (b"500", b"Disable", "waiting", "off"),
        (b"500", b"abort-message", "dead", "on"),
        (b"200", b"abort-message", "delivered", "on"),
        (b"410", b"abort-message", "waiting", "off"),
        (b"500", b"sing", "waiting", "on"),
    ],
)
def test_a_receiver_may_steer_us_by_a_header_of_its_answer(house, status, wish, message_is, endpoint_is):
    steers = b"HTTP/1.1 " + status + b" X\r\nwebhook-delivery: " + wish + b"\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(steers)) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert (house.state(message, id), subscribers.load(house.redis, id).state) == (message_is, endpoint_is)


def test_whoever_is_out_of_time_takes_nothing_more_in_hand(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        messages = [house.says() for _ in range(2)]
        assert house.sends(id, turn=0) == 1
        assert sorted(house.state(message, id) for message in messages) == ["delivered", "waiting"]


def test_a_store_that_was_restarted_is_told_the_scripts_again(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        house.says()
        webhooks.due(house.redis)
        house.redis.script_flush()
        assert house.sends(id) == 1


def test_an_address_that_leads_inside_is_stopped_and_nothing_was_sent(house):
    inside = Client(allow_loopback=True, resolver=leads_to("10.0.0.1"))
    id = subscribers.create(house.redis, inside, SEAL, "https://inside.test/").id
    house.says()
    webhooks.due(house.redis)
    webhooks.deliver(house.redis, inside, SEAL, id)
    (row,) = house.attempts(id)
    assert (row.cause, row.status, subscribers.load(house.redis, id).state) == ("blocked", 0, "off")


def test_after_the_last_attempt_it_is_a_dead_letter_that_can_be_sent_again(house):
    with receiver(answers(BROKEN, BROKEN, OK)) as there:
        id = house.subscribes(there)
        message = house.says()
        for _ in range(2):
            house.time_passes(id)
            house.sends(id, waits=(0, 5))
        assert (house.state(message, id), house.told()[-1]) == ("dead", "webhook.dead")
        assert list(recovery.recover(house.redis, id, 0, time.time() + 1)) == [(0, 1), (1, 1)]
        house.sends(id)
        assert house.state(message, id) == "delivered"
    assert {row.request["webhook-id"] for row in house.attempts(id)} == {message}


def test_a_receiver_that_keeps_failing_is_only_probed_until_it_takes_one(house):
    with receiver(answers(*[BROKEN] * 6, OK)) as there:
        id = house.subscribes(there)
        for _ in range(8):
            house.says()
        assert house.sends(id) == 5  # then the breaker opens
        assert house.waits_for(id)[1] > 20
        assert house.sends(id) == 0
        house.redis.hset(f"hook:{id}", "hold", 0)
        assert house.sends(id) == 1  # a probe, in vain
        assert house.waits_for(id)[1] > 40
        house.time_passes(id)
        assert house.sends(id) == 8  # the probe is taken, and all the rest follows
    assert int(house.redis.hget(f"hook:{id}", "failures")) == 0


def test_five_days_of_failures_stop_it(house):
    with receiver(answers(BROKEN)) as there:
        id = house.subscribes(there)
        house.says()
        house.redis.hset(f"hook:{id}", "failing", int(time.time() - 6 * 24 * 3600))
        house.sends(id)
    assert subscribers.load(house.redis, id).why == "For five days it has taken nothing, so we stopped."


def test_a_fallback_that_is_gone_does_not_stop_the_endpoint(house):
    with receiver(answers(GONE)) as there:
        id = house.subscribes(there, fallback=f"http://second.test:{there.port}/spare")
        subscribers.update(house.redis, house.client, SEAL, id, http=True, url="http://receiver.test:1/hook")
        message = house.says()
        house.sends(id)
    assert house.attempts(id)[-1].status == 410
    assert (house.state(message, id), subscribers.load(house.redis, id).state) == ("waiting", "on")


def test_a_fallback_gets_it_signed_alike_when_the_first_cannot_be_reached(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there, fallback=f"http://second.test:{there.port}/spare")
        closed = "http://receiver.test:1/hook"
        subscribers.update(house.redis, house.client, SEAL, id, http=True, url=closed)
        message = house.says()
        house.sends(id)
    rows = house.attempts(id)
    assert [(row.fallback, row.cause) for row in rows] == [(False, "connect"), (False, "connect"), (True, "")]
    assert house.state(message, id) == "delivered"
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    standardwebhooks.Webhook(house.secret(id)).verify(body, headers)
    assert headers["webhook-fallback"] == "connect"


def test_a_paused_subscriber_hears_later_what_it_missed(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        subscribers.pause(house.redis, id)
        house.says()
        assert house.sends(id) == 0
        subscribers.resume(house.redis, id)
        assert house.sends(id) == 1


def test_no_more_requests_at_once_than_a_receiver_allows(house):
    busy, most, gate = [], [], threading.Lock()

    def temper(connection):
        while read_request(connection):
            with gate:
                busy.append(1)
                most.append(len(busy))
            time.sleep(0.02)
            with gate:
                busy.pop()
            connection.sendall(OK)

    with receiver(temper) as there:
        id = house.subscribes(there, at_once=2)
        for _ in range(12):
            house.says()
        webhooks.due(house.redis)
        threads = [threading.Thread(target=house.sends, args=[id]) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert (len(there.requests), max(most)) == (12, 2)


def test_no_more_requests_a_second_than_a_receiver_allows(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there, rate=3)
        for _ in range(20):
            house.says()
        started = int(time.time())
        sent = house.sends(id)
        assert sent <= 3 * (1 + int(time.time()) - started)


def test_what_a_dead_worker_had_in_hand_is_sent_by_another(house, monkeypatch):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        message = house.says()
        with monkeypatch.context() as broken:
            broken.setattr(webhooks, "attempt", dies)
            with pytest.raises(SystemExit):
                house.sends(id)
        assert house.state(message, id) == "sending"
        assert house.sends(id) == 0  # its lease still runs
        house.time_passes(id)
        assert house.sends(id) == 1
    assert [row.cause for row in house.attempts(id)] == ["lost", ""]
    assert house.state(message, id) == "delivered"


def test_the_place_of_a_dead_worker_is_free_again_when_its_lease_ends(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there, at_once=1)
        house.says()
        house.redis.zadd(f"hook:{id}:lanes", {"somebody": time.time() + 60})
        assert house.sends(id) == 0
        house.redis.zadd(f"hook:{id}:lanes", {"somebody": time.time() - 1})
        assert house.sends(id) == 1


def test_the_sweep_makes_few_jobs_for_many_and_none_twice(house):
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(45)]
        house.says()
        assert webhooks.due(house.redis) == 3
        assert webhooks.due(house.redis) == 0
    jobs = webhooks.queue(house.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_a_job_sends_to_all_it_was_given(house, monkeypatch):
    monkeypatch.setattr(webhooks, "_sender", lambda: (house.client, SEAL, True, ""))
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(5)]
        house.says()
        webhooks.due(house.redis)
        worker = SimpleWorker([webhooks.queue(house.redis)], connection=house.redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")
    assert len(there.requests) == 5
    assert [len(house.attempts(id)) for id in ids] == [1] * 5
    assert house.redis.zcard("hooks:due") == 0


def test_receivers_that_never_answer_keep_none_of_those_waiting_that_share_their_job(house, monkeypatch):
    monkeypatch.setattr(webhooks, "_sender", lambda: (house.client, SEAL, True, ""))
    heard = threading.Event()

    def waits_for_the_other(connection):
        read_request(connection)
        connection.sendall(OK if heard.wait(10) else GONE)

    def tells(connection):
        read_request(connection)
        heard.set()
        connection.sendall(OK)

    with receiver(waits_for_the_other) as slow, receiver(tells) as fast:
        ids = [house.subscribes(slow) for _ in range(2 * webhooks.SIDE_BY_SIDE)] + [house.subscribes(fast)]
        house.says()
        webhooks.due(house.redis)
        monkeypatch.setattr(webhooks, "get_current_job", lambda: SimpleNamespace(connection=house.redis))
        webhooks.deliver_to(ids)
    assert [house.attempts(id)[0].status for id in ids] == [200] * len(ids)


def dies(*_args):
    raise SystemExit
