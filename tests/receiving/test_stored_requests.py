"""The inbox: requests are stored unchanged, for a limited time and within a limited size."""

import json
import time
from dataclasses import replace

from receiving import stored_requests
from tests.support.person import TEXT_SID
from tests.support.providers import CASES


def test_inbox_stores_requests_unchanged(person, redis):
    person.texts("Café + it's", sid=TEXT_SID)
    name, delivery, _ = stored_requests.latest(redis)[0]
    assert delivery["Body"] == "Café + it's"
    assert delivery.url == "https://talk.example/sms"
    assert stored_requests.find(redis, name) == delivery


def test_inbox_expires_after_three_days(person, redis):
    person.texts("time")
    assert 0 < redis.ttl(stored_requests.STREAM) <= 3 * 24 * 3600


def test_large_body_is_truncated_and_not_replayable(send, redis):
    case = next(case for case in CASES if case.name == "github")
    delivery = replace(case.unsigned(), body=json.dumps({"zen": "x" * 100_000}).encode())
    assert send(case.provider.sign(delivery, case.secrets)).status_code == 204
    name, kept, _ = stored_requests.latest(redis)[0]
    assert kept.body == delivery.body[: stored_requests.MAX_INLINE_BODY_BYTES]
    assert stored_requests.find(redis, name) is None


def test_newest_large_bodies_are_kept_whole(redis):
    case = next(case for case in CASES if case.name == "github")
    for number in range(3 * stored_requests.LARGE_BODY_SLOTS):
        stored_requests.save(redis, replace(case.unsigned(), body=f"{number} ".encode() * 2_000))
    newest = stored_requests.latest(redis, 1_000)
    assert newest[0][2] and stored_requests.find(redis, newest[0][0]).body == newest[0][1].body
    assert stored_requests.LARGE_BODY_SLOTS / 2 < sum(whole for *_, whole in newest) <= stored_requests.LARGE_BODY_SLOTS
    assert redis.hlen(stored_requests.LARGE_BODIES_KEY) <= stored_requests.LARGE_BODY_SLOTS
    assert 0 < redis.ttl(stored_requests.LARGE_BODIES_KEY) <= stored_requests.INBOX_TTL_SECONDS
    name, kept, _ = next(one for one in newest if not one[2])
    assert len(kept.body) == stored_requests.MAX_INLINE_BODY_BYTES and stored_requests.find(redis, name) is None
    assert [(name, whole) for name, _, whole in stored_requests.list_between(redis, 0, time.time() + 1)] == [
        (name, whole) for name, _, whole in reversed(newest)
    ]
