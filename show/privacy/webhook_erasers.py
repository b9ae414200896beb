"""Erases the records of the modules on the main path: requests, responses, messages, questions and events.

All other modules register their own erasers.
"""

import time

import events
from receiving import idempotency, stored_requests
from sending import outbox
from store import Store
from store.erasure import Erasure, erases, scan
from workers import pending_answers


@erases("requests")
def erase_requests(redis: Store, erasure: Erasure) -> int:
    """Erase stored requests: those of one person are those that contain the number."""
    streams = (stored_requests.STREAM, stored_requests.REJECTED_STREAM, stored_requests.FORGED_STREAM)
    if not erasure.number:
        if erasure.is_everything:
            redis.delete(stored_requests.LARGE_BODIES_KEY)
        return sum(_trim(redis, stream, erasure) for stream in streams)
    return sum(_erase_requests_of(redis, stream, erasure) for stream in streams)


def _trim(redis: Store, stream: str, erasure: Erasure) -> int:
    """Erase the stream's older entries, including those of the same millisecond: ids begin with milliseconds."""
    return int(redis.execute_command("XTRIM", stream, "MINID", max(0, int(erasure.before * 1000) + 1)))


def _erase_requests_of(redis: Store, stream: str, erasure: Erasure) -> int:
    digits = erasure.number.lstrip("+").encode()
    found = [id for id, row in redis.xrange(stream) if digits in row[b"body"] or digits in row[b"request"]]
    for id in found:
        delivery = stored_requests.find(redis, id.decode()) if stream == stored_requests.STREAM else None
        if delivery:
            erasure.sids.update(filter(None, (delivery["MessageSid"], delivery["CallSid"])))
    return int(redis.execute_command("XDEL", stream, *found)) if found else 0


@erases("responses")
def erase_responses(redis: Store, erasure: Erasure) -> int:
    """Erase stored responses, which contain answers. Claims remain, so a copy of an old delivery changes nothing.

    A response names nobody, so those of one person cannot be told apart.
    """
    if erasure.number:
        return 0
    age_limit = idempotency.CLAIM_TTL_SECONDS - max(0.0, time.time() - erasure.before)
    names = scan(redis, f"{idempotency.RESPONSE_PREFIX}*")
    return sum(redis.delete(name) for name in names if redis.execute_command("TTL", name) <= age_limit)


@erases("texts and calls that we send")
def erase_messages(redis: Store, erasure: Erasure) -> int:
    """Erase messages, also those that are waiting to be sent."""
    erased = 0
    for key in scan(redis, f"{outbox.MESSAGE_PREFIX}*"):
        message = outbox.load(redis, key.removeprefix(outbox.MESSAGE_PREFIX)) if _is_hash(redis, key) else None
        if message and erasure.covers(message.to, message.planned_at):
            redis.zrem(outbox.DUE_KEY, message.id)
            redis.zrem(outbox.queue_of(message.sender), message.id)
            erased += redis.delete(key)
    return erased


def _is_hash(redis: Store, key: str) -> bool:
    return redis.execute_command("TYPE", key) in (b"hash", "hash")


@erases("questions and answers")
def erase_questions(redis: Store, erasure: Erasure) -> int:
    """Erase questions with their answers. A task whose record is gone tells nobody its result."""
    erased, prefix = 0, pending_answers.record_key("")
    for key in scan(redis, f"{prefix}*"):
        pending = pending_answers.load(redis, key.removeprefix(prefix))
        if pending and erasure.covers(pending.phone_number, pending.asked_at):
            erasure.note_media(pending.words.encode())
            erasure.sids.add(pending.subject)
            redis.zrem(pending_answers.OPEN_KEY, pending.id)
            erased += redis.delete(key)
    return erased


@erases("events")
def erase_events(redis: Store, erasure: Erasure) -> int:
    """Erase events, also those not yet passed on, and have every stage forget them.

    Numbers in events are masked, so those of one person are found by the sids of their calls and texts.
    """
    if not erasure.number:
        erased = _trim(redis, events.STREAM_KEY, erasure)
        events.publish(redis, "show.purged", before=erasure.before)
        return erased
    recorded = events.read_after(redis, "0-0", events.MAX_EVENTS)
    ids = [event.id for event in recorded if event.subject in erasure.sids]
    events.publish(redis, "show.purged", sids=sorted(erasure.sids))
    return int(redis.execute_command("XDEL", events.STREAM_KEY, *ids)) if ids else 0
