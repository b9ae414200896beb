"""The limits in bytes in docs/redis-keys.md are those of the code, and stores keep to them."""

import pytest

import events
from receiving import rejected_requests, stored_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from sending.webhooks.endpoints import cookies
from sending.webhooks.queue import backlog, delivery_queue, messages
from store import memory_usage
from tests.support.redis_keys import DOCUMENT, byte_limits, too_large

LIMITS = {
    **stored_requests.MAX_BYTES,
    **rejected_requests.MAX_BYTES,
    "events": events.MAX_HISTORY_BYTES,
    "endpoint:<id>:attempts": delivery_queue.MAX_ATTEMPT_BYTES,
    "endpoint:<id>:due": backlog.MAX_BACKLOG_BYTES,
    "endpoint:<id>:cookies": cookies.MAX_JAR_CHARACTERS,
    "messages:delivered": messages.MAX_KEPT_BYTES,
    "messages:dead": messages.MAX_KEPT_BYTES,
}


def test_documented_limits_in_bytes_are_those_of_the_code():
    limits = {name: limit for name, limit in byte_limits().items() if name != "show:items:<scene>"}  # of one item
    assert limits == pytest.approx(LIMITS, rel=0.03)  # the document rounds


def test_documented_share_of_waiting_messages_is_that_of_the_code():
    assert f"at most {backlog.MAX_BACKLOG_SHARE * 100:.0f} % of `maxmemory`" in DOCUMENT.read_text()


def test_histories_filled_far_beyond_their_limits_are_trimmed_to_them(redis):
    body = b"x" * stored_requests.MAX_INLINE_BODY_BYTES
    for number in range(1_500):
        delivery = Delivery("POST", f"https://talk.example/sms?{number}", {}, body)
        stored_requests.save(redis, delivery)
        rejected_requests.save(redis, delivery, Mistake("slash", ""))
        rejected_requests.save(redis, delivery, Mistake(UNKNOWN, ""))
        large = Delivery("POST", f"https://talk.example/sms?{number}", {}, b"%d " % number * 8_000)
        stored_requests.save(redis, large)
        events.publish(redis, "call.spoken", answer="x" * 2_000)
        redis.set(events.CURSOR_KEY, redis.xrevrange(events.STREAM_KEY, count=1)[0][0])
    names = [*stored_requests.MAX_BYTES, *rejected_requests.MAX_BYTES, "events"]
    assert len(too_large(redis, names)) >= 3  # they have not been trimmed yet
    stored_requests.trim(redis, memory_usage.history_factor(0.0))
    rejected_requests.trim(redis, memory_usage.history_factor(0.0))
    for _ in range(3):  # each call removes some thousand events at most
        events.trim(redis)
    assert too_large(redis, names) == []
