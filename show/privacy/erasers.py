"""Erases what the scenes hold, requests, responses, messages, questions and events.

All other modules register their own erasers.
"""

import time

import events
from receiving import idempotency, stored_requests
from sending import outbox
from show import encrypted_phone_numbers, friendly_names, moderation, show_state
from show.talk_file import Talk
from store import Store
from store.erasure import Erasure, erases, scan
from workers import pending_answers


def erase_scenes(store: Store, talk: Talk, erasure: Erasure) -> int:
    """Erase what all scenes have stored, and all friendly names. The state of the show remains."""
    keys = [key for scene in talk.scenes for key in scene.storage_keys()]
    for key in keys:
        if _type_of(store, key) == "hash":
            erasure.note_media(b" ".join(store.hgetall(key).values()))
    return store.delete(
        *keys,
        friendly_names.NAMES_KEY,
        friendly_names.TAKEN_KEY,
        moderation.BANNED_KEY,
        encrypted_phone_numbers.NUMBERS_KEY,
    )


def is_idle_since(store: Store, before: float) -> bool:
    """Whether nobody has called, texted or presented since this time."""
    newest = events.read_latest(store, 1)
    return bool(newest) and newest[0].time < before and show_state.load(store).changed_at < before


def erase_person_in_scenes(store: Store, talk: Talk, erasure: Erasure) -> int:
    """Erase what this person has contributed to the scenes, and the person's name."""
    person, ids = erasure.person.encode(), set[bytes]()
    keys = [key for scene in talk.scenes for key in scene.storage_keys()]
    erased = sum(_erase_fields(store, key, person, ids, erasure) for key in keys)
    for key in [*keys, moderation.BANNED_KEY]:
        erased += _erase_members(store, key, {person, *ids})
    erased += store.hdel(encrypted_phone_numbers.NUMBERS_KEY, erasure.person)
    name = store.hget(friendly_names.NAMES_KEY, erasure.person)
    if name:
        store.hdel(friendly_names.NAMES_KEY, erasure.person)
        store.srem(friendly_names.TAKEN_KEY, name)
    return erased + bool(name)


def _type_of(store: Store, key: str) -> str:
    found = store.execute_command("TYPE", key)
    return found.decode() if isinstance(found, bytes) else str(found)


def _erase_fields(store: Store, key: str, person: bytes, ids: set[bytes], erasure: Erasure) -> int:
    """Erase a hash's fields that are named after the person or whose values mention the person; collect their names."""
    if _type_of(store, key) != "hash":
        return 0
    found = [(field, value) for field, value in store.hgetall(key).items() if field == person or person in value]
    for field, value in found:
        ids.add(field)
        erasure.note_media(value)
        store.hdel(key, field)
    return len(found)


def _erase_members(store: Store, key: str, names_of_person: set[bytes]) -> int:
    kind = _type_of(store, key)
    if kind == "list":
        return sum(
            _blank(store, key, at) for at, name in enumerate(store.lrange(key, 0, -1)) if name in names_of_person
        )
    remove = {"set": "SREM", "zset": "ZREM"}.get(kind)
    return int(store.execute_command(remove, key, *names_of_person)) if remove else 0


def _blank(store: Store, key: str, position: int) -> int:
    """The list keeps its length, because the positions of the others are their numbers."""
    store.execute_command("LSET", key, position, "")
    return 1


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
