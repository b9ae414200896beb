"""Redelivery of single messages and time ranges, and example messages."""

import json
import time

import jsonschema_rs
import pytest

from sending.webhooks import event_schemas, redelivery
from sending.webhooks.queue import messages
from tests.support.webhook_sender import store_message

URL = "https://hear.example/hook"
EP = "ep_0123456789abcdef"


@pytest.fixture
def endpoint(redis):
    """A subscriber as the schedule knows it; nothing is sent in these tests."""
    redis.hset(f"endpoint:{EP}", mapping={"state": "enabled", "sequence": 40})
    return EP


def planned(redis, state, tries=1, began=1_000.0, wait=300.0):
    """A message that has reached this state."""
    message, pipe = store_message(redis, dead_at=began if state == "dead" else None, endpoint=EP), redis.pipeline()
    if state == "dead":
        pipe.rpush(f"message:{message}", f"{EP} 7")
        pipe.execute()
        return message
    mark = {"state": state, "attempts": tries, "started_at": began, "sequence": 7}
    pipe.hset(f"delivery:{message}:{EP}", mapping=mark)
    pipe.expire(f"delivery:{message}:{EP}", 3600)
    pipe.zadd(f"endpoint:{EP}:due", {message: time.time() + wait})
    pipe.lset(f"message:{message}", 3, 1)
    pipe.execute()
    return message


def waiting(redis):
    return {id.decode(): at for id, at in redis.zrange(f"endpoint:{EP}:due", 0, -1, withscores=True)}


def test_dead_letter_keeps_its_sequence_number(redis, endpoint):
    message = planned(redis, "dead")
    assert redelivery.resend(redis, endpoint, message)
    assert waiting(redis)[message] <= time.time()
    assert redis.hmget(f"delivery:{message}:{EP}", "attempts", "sequence") == [b"0", b"7"]
    assert redis.zcard(f"endpoint:{EP}:dead") == 0
    assert redis.zscore("endpoints:due", EP) <= time.time()


def test_new_message_gets_a_new_sequence_number(redis, endpoint):
    message = store_message(redis)
    assert redelivery.resend(redis, endpoint, message)
    assert redis.hget(f"delivery:{message}:{EP}", "sequence") == b"41"


def test_message_in_delivery_is_not_touched(redis, endpoint):
    message = planned(redis, "sending", tries=3)
    before = waiting(redis)
    assert redelivery.resend(redis, endpoint, message)
    assert waiting(redis) == before
    assert redis.hget(f"delivery:{message}:{EP}", "attempts") == b"3"


def test_expired_message_is_reported_and_removed(redis, endpoint):
    redis.zadd(f"endpoint:{EP}:dead", {"msg_gone": 1})
    assert not redelivery.resend(redis, endpoint, "msg_gone")
    assert redis.zcard(f"endpoint:{EP}:dead") == 0


def test_disabled_endpoint_refuses_redelivery(redis, endpoint):
    message = planned(redis, "dead")
    redis.hset(f"endpoint:{EP}", "state", "disabled")
    with pytest.raises(redelivery.EndpointDisabled, match="Resume it first"):
        redelivery.resend(redis, endpoint, message)
    assert redis.zcard(f"endpoint:{EP}:dead") == 1


def test_only_failures_of_the_time_range_are_redelivered(redis, endpoint):
    dead, again = planned(redis, "dead"), planned(redis, "waiting")
    before = planned(redis, "dead", began=500.0)
    after = planned(redis, "dead", began=3_000.0)
    not_tried = planned(redis, "waiting", tries=0)
    assert redelivery.find_failed(redis, endpoint, 900.0, 2_000.0 + time.time()) == [dead, after]
    assert redelivery.find_failed(redis, endpoint, 900.0, 2_000.0) == [dead, again]
    assert [*redelivery.recover(redis, endpoint, 900.0, 2_000.0)] == [(0, 2), (2, 2)]
    assert waiting(redis).keys() == {dead, again, not_tried}
    assert {id.decode() for id in redis.zrange(f"endpoint:{EP}:dead", 0, -1)} == {before, after}


def test_long_redelivery_reports_progress_and_can_be_resumed(redis, endpoint):
    for _ in range(250):
        planned(redis, "dead")
    steps = redelivery.recover(redis, endpoint, 0, 2_000.0)
    assert [next(steps), next(steps)] == [(0, 250), (100, 250)]
    steps.close()  # its process died
    assert [*redelivery.recover(redis, endpoint, 0, 2_000.0)] == [(0, 150), (100, 150), (150, 150)]


def test_expired_message_does_not_count_as_resent(redis, endpoint):
    planned(redis, "dead")
    redis.delete(f"message:{planned(redis, 'dead')}")
    assert [*redelivery.recover(redis, endpoint, 0, 2_000.0)] == [(0, 2), (1, 1)]


@pytest.mark.parametrize("kind", [*event_schemas.CATALOGUE, "github.push"])
def test_example_matches_the_catalogue_and_goes_to_one_endpoint(redis, endpoint, kind):
    id = redelivery.send_example(redis, endpoint, kind)
    body = json.loads(messages.load_body(redis, id))
    jsonschema_rs.validate(event_schemas.build_schema(kind), body)
    assert id.startswith("msg_example_")
    assert waiting(redis).keys() == {id}
    assert redis.xlen(messages.NEW_KEY) == 0
