"""Purges what was stored about people: everything, what is older than the talk file allows, or one person's records.

Each purge leaves a receipt, which contains no number and no words.
"""

import hashlib
import time
from pathlib import Path

from redis import Redis
from rq import Queue, Retry
from rq.serializers import JSONSerializer

import events
from receiving import idempotency, rejected_requests, stored_requests
from sending import followers, outbox, outdated_answers, text_circuit_breaker, unanswered_texts
from sending.webhooks.queue import backlog, messages
from show import contributions, friendly_names, talk_file
from show.privacy import scene_erasure
from show.privacy.purge_receipts import PurgeReceipt, save_receipt
from show.talk_file import Talk
from store import Pipe, Store, erasure
from store.erasure import ERASERS, Erasure
from workers import call_state, job_progress, pending_answers, recording_waveform
from workers.answer_delivery import get_gateway
from workers.queues import FAILURE_TTL_SECONDS, RESULT_TTL_SECONDS, WEBHOOKS

# Importing a module registers its eraser.
STORES = (
    backlog,
    call_state,
    events,
    followers,
    idempotency,
    job_progress,
    messages,
    outbox,
    outdated_answers,
    pending_answers,
    rejected_requests,
    stored_requests,
    text_circuit_breaker,
    unanswered_texts,
)
INTERVAL_SECONDS = 600.0  # between two automatic purges
LOCK_KEY, LOCK_TTL_SECONDS = "purge:lock", 540
DAY_SECONDS = 24 * 3600
FIRST = ("questions and answers", "calls", "requests")  # these erasers find a person's calls and texts for the others


def purge_everything(store: Store, talk: Talk, cause: str) -> PurgeReceipt:
    """Erase all records about people. The talk goes on: the current scene and its phases remain."""
    for scene in talk.scenes:
        scene.dismiss_callers(store)
    return _purge(store, talk, Erasure(time.time()), cause, has_show=True)


def purge_expired(redis: Redis) -> None:
    """Erase what is older than `keep_numbers_days`. Every worker calls this, but only one of them erases."""
    if not redis.set(LOCK_KEY, 1, nx=True, ex=LOCK_TTL_SECONDS):
        return
    talk = _load_talk()
    before = time.time() - talk.keep_numbers_days * DAY_SECONDS
    _purge(redis, talk, Erasure(before), "time", scene_erasure.is_idle_since(redis, before))


def forget_later(pipe: Pipe, queue: Queue, number: str) -> None:
    """Enqueue, on this pipeline, the job that forgets a person. The number is in the store until the job has run."""
    queue.enqueue_call(
        forget_person,
        args=(number,),
        job_id=f"forget-{hashlib.sha256(number.encode()).hexdigest()[:20]}",
        result_ttl=RESULT_TTL_SECONDS,
        failure_ttl=FAILURE_TTL_SECONDS,
        description="forget a person",
        retry=Retry(3, [5, 30, 120]),
        pipeline=pipe,
    )


def forget_person(number: str) -> None:
    """The job: erase this person's records, whatever channel they used. Their opt-out remains."""
    gateway = get_gateway()
    person, *older = contributions.aliases_of(number, gateway.settings)
    wanted = Erasure(time.time(), number, person, tuple(older))
    for alias in (person, *older):  # the inbox may no longer have all of their calls and texts
        if name := friendly_names.load(gateway.redis, alias):
            wanted.sids.update(events.find_subjects(gateway.redis, name))
    _purge(gateway.redis, _load_talk(), wanted, "a person", has_show=True)


def _load_talk() -> Talk:
    path = get_gateway().settings.talk
    return talk_file.load(Path(path) if path else talk_file.DEFAULT_PATH)


def _purge(store: Store, talk: Talk, wanted: Erasure, cause: str, has_show: bool) -> PurgeReceipt:
    now = time.time()
    erasure.mark(store, wanted, now)
    names = sorted(ERASERS, key=lambda name: (name not in FIRST, name))
    erased = {name: ERASERS[name](store, wanted) for name in names}
    if has_show:
        erased["the show"] = (
            scene_erasure.erase_person_in_scenes(store, talk, wanted)
            if wanted.person
            else scene_erasure.erase_scenes(store, wanted)
        )
    else:
        _keep_media_of_scenes(store, wanted)
    recording_waveform.forget(store, wanted.recordings)
    _delete_media_later(store, wanted)
    receipt = PurgeReceipt(
        round(now, 3), round(wanted.before, 3), cause, erased, len(wanted.recordings) + len(wanted.pictures)
    )
    if receipt.total or cause != "time":
        save_receipt(store, receipt)
    events.publish(store, "show.purged", before=0.0)  # has every page redraw, but is no activity: see scene_erasure.py
    return receipt


def _keep_media_of_scenes(store: Store, wanted: Erasure) -> None:
    kept = Erasure(wanted.before)
    scene_erasure.note_media(store, kept)
    wanted.recordings.difference_update(kept.recordings)
    wanted.pictures.difference_update(kept.pictures)


def _delete_media_later(store: Store, erasure: Erasure) -> None:
    if not erasure.recordings and not erasure.pictures:
        return
    queue = Queue(WEBHOOKS, connection=store, serializer=JSONSerializer)  # type: ignore[arg-type]
    queue.enqueue_call(
        delete_media,
        args=(sorted(erasure.recordings), sorted(erasure.pictures)),
        timeout=600,
        result_ttl=RESULT_TTL_SECONDS,
        failure_ttl=FAILURE_TTL_SECONDS,
        description="delete recordings and pictures",
        retry=Retry(3, [10, 60, 300]),
    )


def delete_media(recordings: list[str], pictures: list[str]) -> None:
    """The job: delete recordings and pictures at Twilio. What is no longer there counts as deleted."""
    for sid in recordings:
        get_gateway().delete_recording(sid)
    for path in pictures:
        _, message_sid, _, media_sid = path.split("/")
        get_gateway().delete_picture(message_sid, media_sid)
