"""Our own webhooks: what happened is told to every subscriber that wants to hear it, until it is heard."""

import functools
import json
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from rq import Queue, get_current_job
from rq.serializers import JSONSerializer

import config
import events
from sending import outbox
from sending.http import urls
from sending.http.client import PROJECT, VERSION, HttpClient
from sending.http.retry import parse_retry_after
from sending.webhooks import credentials, endpoints, payloads, redelivery, retries
from sending.webhooks.attempt import DeliveryAttempt, attempt, record_filtered
from sending.webhooks.credentials import Credentials
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import WebhookEndpoint
from sending.webhooks.optional.event_filter import EventFilter
from sending.webhooks.queue import MESSAGE_TTL_SECONDS, ClaimedMessage, DeliveryQueue, DeliveryResult
from store import RawClient

log = logging.getLogger(__name__)

QUEUE_NAME = "webhooks"
NEW_MESSAGES_KEY = "messages:new"  # messages whose subscribers have not been found yet
MAX_PER_SWEEP = 2_000  # subscribers, and messages, in one round of the sweep
REQUEUE_AFTER_SECONDS = 30.0  # seconds after which a subscriber whose job was lost gets another
MESSAGES_PER_JOB = 10  # messages waiting, from which on a subscriber gets jobs of its own, one more for each so many
ENDPOINTS_PER_JOB = 20  # healthy subscribers with little to send that share a job, and of a crowd
MAX_SHARED_JOBS = 4  # at the most: each costs what five deliveries do
INITIAL_THREADS = 2  # of those, at the same time, and twice as many each time that
STALLED_AFTER_SECONDS = 0.05  # seconds have passed and it would help those who still wait
BUSY_CPU_SHARE = 0.5  # of a processor: threads that wait for Python itself only get in each other's way
SLOT_TIME_SECONDS = 20.0  # seconds a lane sends before it lets others have its place
JOB_TIMEOUT_SECONDS = 120  # seconds a job may run, in RQ's eyes
JOB_TTLS: dict[str, Any] = {"result_ttl": 0, "failure_ttl": 3_600}  # seconds RQ keeps a job; ours are in the attempts
DISABLE_AFTER_SECONDS = 5 * 24 * 3600  # seconds of nothing but failures until we stop and tell the owner
STATE_BY_VERDICT = {"delivered": "delivered", "filtered": "filtered", "aborted": "dead"}
MAX_ENDPOINTS_ON_STAGE = (
    20  # subscribers; beyond, the stage is told of the message and its failures, not of each delivery
)


def deliver_later(pipe: Any, event_type: str, data: dict[str, Any], *, id: str = "", now: float | None = None) -> str:
    """Plan a message on the pipeline of whatever it tells of; a worker finds its subscribers. The message's id.

    With an `id` of the caller's own, the same message is planned once. `data` is the event's, as JSON.
    """
    now = now or time.time()
    id = id or f"msg_{secrets.token_hex(12)}"
    stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps({"type": event_type, "timestamp": stamp, "data": data}, ensure_ascii=False, separators=(",", ":"))
    for name, value in (("event_type", event_type), ("body", body), ("time", now)):
        pipe.execute_command("HSETNX", f"message:{id}", name, value)
    pipe.execute_command("EXPIRE", f"message:{id}", MESSAGE_TTL_SECONDS)
    pipe.execute_command("ZADD", NEW_MESSAGES_KEY, "NX", now, id)
    return id


def enqueue_due(redis: Any, now: float | None = None) -> int:
    """One round of the sweep: find the subscribers of new messages, give work to workers. How many jobs it made."""
    now = now or time.time()
    _fan_out(
        redis,
        [id.decode() for id in redis.zrangebyscore(NEW_MESSAGES_KEY, "-inf", now, start=0, num=MAX_PER_SWEEP)],
        now,
    )
    together, jobs = [], []
    for id, waiting, failures in _get_delivery_queue(redis).take(now, MAX_PER_SWEEP, now + REQUEUE_AFTER_SECONDS):
        if failures or waiting >= MESSAGES_PER_JOB:
            jobs += [[id]] * (1 if failures else _job_count(redis, id, waiting))
        else:
            together.append(id)
    size = max(ENDPOINTS_PER_JOB, -(-len(together) // MAX_SHARED_JOBS))
    jobs += [together[start : start + size] for start in range(0, len(together), size)]
    for ids in jobs:
        get_queue(redis).enqueue_call(
            deliver_job, args=(ids,), timeout=JOB_TIMEOUT_SECONDS, description=_describe_job(ids), **JOB_TTLS
        )
    return len(jobs)


def deliver_job(ids: list[str]) -> None:
    """The job: send what is due to these subscribers."""
    redis, (client, encryption, options) = get_current_job().connection, _get_sender()  # type: ignore[union-attr]

    def send(id: str) -> int:
        return deliver(redis, client, encryption, id, **options)

    if len(ids) == 1:
        send(ids[0])
        return
    waiting = deque(ids)
    with ThreadPoolExecutor(len(ids)) as threads:
        at_work = [threads.submit(_deliver_until_empty, send, waiting) for _ in range(INITIAL_THREADS)]
        while waiting:  # slow ones keep nobody waiting for long
            left, began, used = len(waiting), time.monotonic(), time.process_time()
            wait(at_work, timeout=STALLED_AFTER_SECONDS)
            is_busy = time.process_time() - used > BUSY_CPU_SHARE * (time.monotonic() - began)
            if len(waiting) == left or not is_busy:
                more = min(len(at_work), len(ids) - len(at_work))
                at_work += [threads.submit(_deliver_until_empty, send, waiting) for _ in range(more)]
    for done in at_work:
        done.result()


def _deliver_until_empty(send: Callable[[str], int], waiting: deque[str]) -> None:
    """One of these after the other, as long as there are any; others take from them too."""
    while waiting:
        try:
            id = waiting.popleft()
        except IndexError:  # another took the last one
            return
        send(id)


def deliver(
    redis: Any,
    client: HttpClient,
    encryption: Encryption,
    id: str,
    *,
    http: bool = False,
    origin: str = "",
    waits: Sequence[float] = retries.RETRY_SCHEDULE_SECONDS,
    turn: float = SLOT_TIME_SECONDS,
) -> int:
    """Send this subscriber what is due, one after the other, until there is nothing. How many messages were tried.

    `origin` is our own address, for what a message tells to fetch.
    """
    subscriber, lane, ends = endpoints.load(redis, id), secrets.token_hex(8), time.monotonic() + turn
    ours = _load_credentials(redis, encryption, subscriber) if subscriber else None
    if subscriber is None or ours is None:
        return 0
    plan, tried = _get_delivery_queue(redis), 0
    claim = plan.enter(subscriber, lane, time.time())
    event_filter = EventFilter(redis, client, subscriber, ours, http)
    try:
        while claim:
            if claim.message.id.startswith(redelivery.EXAMPLE_ID_PREFIX) or event_filter.allows(
                claim.message.event_type
            ):
                rows = attempt(
                    client, subscriber, ours, payloads.build_payload(claim.message, subscriber, origin), http
                )
            else:
                rows = record_filtered(subscriber, claim.message)
            more = time.monotonic() < ends
            claim, tried = _settle(redis, subscriber, lane, claim, rows, waits, more), tried + 1
    finally:
        if claim:  # something broke on the way
            plan.leave(id, lane)
    return tried


def load_attempts(redis: Any, subscriber: str, most: int = 100) -> list[DeliveryAttempt]:
    """The newest attempts at this subscriber, the newest first."""
    rows = redis.xrevrange(f"endpoint:{subscriber}:attempts", count=most)
    return [DeliveryAttempt(**json.loads(row[b"a"])) for _, row in rows]


@functools.lru_cache(maxsize=4)
def get_queue(redis: Any) -> Queue:
    """RQ's queue for webhooks on this connection."""
    return Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)


@functools.lru_cache(maxsize=4)
def _get_delivery_queue(redis: Any) -> DeliveryQueue:
    return DeliveryQueue(RawClient(redis))


@functools.cache
def _get_sender() -> tuple[HttpClient, Encryption, dict[str, Any]]:
    """This process's client and encryption, and what `deliver` is to know. In the demo receivers may be unencrypted."""
    settings = config.load()
    agent = f"{PROJECT}/{VERSION}" + (f" (+{settings.public_url})" if settings.public_url else "")
    client = HttpClient(allow_loopback=settings.allow_loopback, user_agent=agent)
    options = {"http": settings.allow_loopback, "origin": settings.public_url, "waits": settings.webhook_schedule}
    return client, Encryption(settings.secret_key), options


def _load_credentials(redis: Any, encryption: Encryption, subscriber: WebhookEndpoint) -> Credentials | None:
    """What we need to sign. Without it nothing is sent and nothing lost: the subscriber is paused, and says why."""
    try:
        return credentials.decrypt_credentials(redis, encryption, subscriber, time.time())
    except WrongKey as wrong:
        log.error("No webhooks to %s: %s", urls.host_of(subscriber.url), wrong)
        if subscriber.state == "enabled":
            endpoints.pause(redis, subscriber.id, f"{wrong} Then resume it.")
        return None


def _fan_out(redis: Any, messages: list[str], now: float) -> None:
    """Safe to repeat, and to do twice at once: who has the message has it."""
    if not messages:
        return
    everyone, pipe = list(endpoints.load_all(redis)), RawClient(redis).pipeline()
    for id in messages:
        pipe.hget(f"message:{id}", "event_type")
    event_types = [(event_type or b"").decode() for event_type in pipe.execute()]
    wanting = {
        event_type: [one.id for one in everyone if event_type and one.subscribes_to(event_type)]
        for event_type in set(event_types)
    }
    for id, event_type in zip(messages, event_types, strict=True):
        _get_delivery_queue(redis).add(id, wanting[event_type], now)
        pipe.hset(f"message:{id}", "endpoints", len(wanting[event_type]))
        pipe.zrem(NEW_MESSAGES_KEY, id)
    pipe.execute()


def _job_count(redis: Any, id: str, waiting: int) -> int:
    """As many jobs as it may have requests at once, if there is enough for them to do."""
    subscriber = endpoints.load(redis, id)
    return min(subscriber.max_concurrency if subscriber else 0, 1 + waiting // MESSAGES_PER_JOB)


def _settle(
    redis: Any,
    subscriber: WebhookEndpoint,
    lane: str,
    claim: ClaimedMessage,
    sent: list[DeliveryAttempt],
    waits: Sequence[float],
    more: bool,
) -> ClaimedMessage | None:
    """Write down what came of it; the next claim, if there is time for more."""
    last, now, chance, tries = sent[-1], time.time(), random.random(), claim.message.attempt_number  # noqa: S311 - spreads load
    verdict, stops = last.outcome.verdict, last.outcome.disables_endpoint and not last.used_fallback
    pause = retries.retry_delay(tries, waits, chance)
    wish = (
        parse_retry_after((last.response_headers or {}).get("retry-after", ""), retries.MAX_RETRY_AFTER_SECONDS)
        if verdict in ("back_off", "retry")
        else 0.0
    )
    result = STATE_BY_VERDICT.get(verdict) or ("dead" if pause is None else "waiting")
    settled = DeliveryResult(
        claim.message,
        [*_lost_attempts(subscriber, claim), *sent],
        result,
        next_attempt_at=now + max(pause or 0.0, wish),
        hold=now + max(wish, waits[min(1, len(waits) - 1)]) if verdict == "back_off" else 0.0,
        chance=1 - retries.JITTER_FRACTION * chance,
        extra_writes=lambda pipe: _publish_result(pipe, subscriber, claim, last, result),
    )
    failing_since, following = _get_delivery_queue(redis).settle(subscriber, lane, settled, now, more and not stops)
    if stops:
        _disable_endpoint(redis, subscriber, last.outcome.advice, now)
    elif failing_since and now - failing_since > DISABLE_AFTER_SECONDS:
        _disable_endpoint(redis, subscriber, "For five days it has taken nothing, so we stopped.", now)
    return following


def _lost_attempts(subscriber: WebhookEndpoint, claim: ClaimedMessage) -> list[DeliveryAttempt]:
    """A row for each attempt whose process died since rows were last written: it may have arrived."""
    detail = "The sending process died before it recorded a response. The message may have arrived."
    id, event_type, tries = claim.message.id, claim.message.event_type, claim.message.attempt_number
    return [
        DeliveryAttempt(id, event_type, one, 0.0, subscriber.url, False, {}, cause="lost", detail=detail)
        for one in range(tries - claim.lost, tries)
    ]


def _disable_endpoint(redis: Any, subscriber: WebhookEndpoint, reason: str, now: float) -> None:
    """Disable it, and tell its owner by another channel."""
    endpoints.disable(redis, subscriber.id, reason)
    pipe = redis.pipeline()
    if subscriber.owner:
        words = f"We no longer send webhooks to {urls.host_of(subscriber.url)}. {reason}"
        outbox.plan(
            pipe, outbox.OutboundMessage(f"stopped-{subscriber.id}-{int(now)}", subscriber.owner, words, ""), now
        )
    pipe.execute()


def _publish_result(
    pipe: Any, subscriber: WebhookEndpoint, claim: ClaimedMessage, last: DeliveryAttempt, result: str
) -> None:
    if result == "filtered" or (result == "delivered" and claim.endpoint_count > MAX_ENDPOINTS_ON_STAGE):
        return
    kind = {"delivered": "webhook.delivered", "waiting": "webhook.failed", "dead": "webhook.dead"}[result]
    facts = {"cause": last.cause or None, "status": last.status or None, "ms": last.duration_ms}
    facts |= {"endpoint": subscriber.id, "host": urls.host_of(last.url), "attempt": claim.message.attempt_number}
    events.publish(pipe, kind, claim.message.id, **facts)


def _describe_job(ids: list[str]) -> str:
    return f"webhooks to {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")
