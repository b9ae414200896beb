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
from sending.http.client import PROJECT, VERSION, Client
from sending.webhooks import credentials, endpoints, payloads, redelivery, retries
from sending.webhooks.attempt import Attempt, attempt, unwanted
from sending.webhooks.credentials import Credentials
from sending.webhooks.encryption import Seal, WrongKey
from sending.webhooks.endpoints import Subscriber
from sending.webhooks.optional.event_filter import WishList
from sending.webhooks.queue import KEPT, Claim, Schedule, Settled
from store import Quick

log = logging.getLogger(__name__)

QUEUE = "webhooks"
NEW = "messages:new"  # messages whose subscribers have not been found yet
MOST = 2_000  # subscribers, and messages, in one round of the sweep
AGAIN = 30.0  # seconds after which a subscriber whose job was lost gets another
MANY = 10  # messages waiting, from which on a subscriber gets jobs of its own, one more for each so many
TOGETHER = 20  # healthy subscribers with little to send that share a job, and of a crowd
JOBS = 4  # at the most: each costs what five deliveries do
SIDE_BY_SIDE = 2  # of those, at the same time, and twice as many each time that
STUCK_AFTER = 0.05  # seconds have passed and it would help those who still wait
BUSY = 0.5  # of a processor: threads that wait for Python itself only get in each other's way
TURN = 20.0  # seconds a lane sends before it lets others have its place
TAKES = 120  # seconds a job may run, in RQ's eyes
TTLS: dict[str, Any] = {"result_ttl": 0, "failure_ttl": 3_600}  # seconds RQ keeps a job; ours are in the attempts
GIVE_UP_AFTER = 5 * 24 * 3600  # seconds of nothing but failures until we stop and tell the owner
RESULTS = {"delivered": "delivered", "unwanted": "unwanted", "dropped": "dead"}
CROWD = 20  # subscribers; beyond, the stage is told of the message and its failures, not of each delivery


def deliver_later(pipe: Any, kind: str, data: dict[str, Any], *, id: str = "", now: float | None = None) -> str:
    """Plan a message on the pipeline of whatever it tells of; a worker finds its subscribers. The message's id.

    With an `id` of the caller's own, the same message is planned once. `data` is the event's, as JSON.
    """
    now = now or time.time()
    id = id or f"msg_{secrets.token_hex(12)}"
    stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps({"type": kind, "timestamp": stamp, "data": data}, ensure_ascii=False, separators=(",", ":"))
    for name, value in (("kind", kind), ("body", body), ("at", now)):
        pipe.execute_command("HSETNX", f"message:{id}", name, value)
    pipe.execute_command("EXPIRE", f"message:{id}", KEPT)
    pipe.execute_command("ZADD", NEW, "NX", now, id)
    return id


def due(redis: Any, now: float | None = None) -> int:
    """One round of the sweep: find the subscribers of new messages, give work to workers. How many jobs it made."""
    now = now or time.time()
    _find_subscribers(redis, [id.decode() for id in redis.zrangebyscore(NEW, "-inf", now, start=0, num=MOST)], now)
    together, jobs = [], []
    for id, waiting, failures in _schedule(redis).take(now, MOST, now + AGAIN):
        if failures or waiting >= MANY:
            jobs += [[id]] * (1 if failures else _lanes(redis, id, waiting))
        else:
            together.append(id)
    size = max(TOGETHER, -(-len(together) // JOBS))
    jobs += [together[start : start + size] for start in range(0, len(together), size)]
    for ids in jobs:
        queue(redis).enqueue_call(deliver_to, args=(ids,), timeout=TAKES, description=_about(ids), **TTLS)
    return len(jobs)


def deliver_to(ids: list[str]) -> None:
    """The job: send what is due to these subscribers."""
    redis, (client, seal, options) = get_current_job().connection, _sender()  # type: ignore[union-attr]

    def send(id: str) -> int:
        return deliver(redis, client, seal, id, **options)

    if len(ids) == 1:
        send(ids[0])
        return
    waiting = deque(ids)
    with ThreadPoolExecutor(len(ids)) as threads:
        at_work = [threads.submit(_send_some, send, waiting) for _ in range(SIDE_BY_SIDE)]
        while waiting:  # slow ones keep nobody waiting for long
            left, began, used = len(waiting), time.monotonic(), time.process_time()
            wait(at_work, timeout=STUCK_AFTER)
            is_busy = time.process_time() - used > BUSY * (time.monotonic() - began)
            if len(waiting) == left or not is_busy:
                more = min(len(at_work), len(ids) - len(at_work))
                at_work += [threads.submit(_send_some, send, waiting) for _ in range(more)]
    for done in at_work:
        done.result()


def _send_some(send: Callable[[str], int], waiting: deque[str]) -> None:
    """One of these after the other, as long as there are any; others take from them too."""
    while waiting:
        try:
            id = waiting.popleft()
        except IndexError:  # another took the last one
            return
        send(id)


def deliver(
    redis: Any,
    client: Client,
    seal: Seal,
    id: str,
    *,
    http: bool = False,
    origin: str = "",
    waits: Sequence[float] = retries.SCHEDULE,
    turn: float = TURN,
) -> int:
    """Send this subscriber what is due, one after the other, until there is nothing. How many messages were tried.

    `origin` is our own address, for what a message tells to fetch.
    """
    subscriber, lane, ends = endpoints.load(redis, id), secrets.token_hex(8), time.monotonic() + turn
    ours = _opened(redis, seal, subscriber) if subscriber else None
    if subscriber is None or ours is None:
        return 0
    plan, tried = _schedule(redis), 0
    claim = plan.enter(subscriber, lane, time.time())
    wishes = WishList(redis, client, subscriber, ours, http)
    try:
        while claim:
            if claim.message.id.startswith(redelivery.EXAMPLE) or wishes.names(claim.message.kind):
                rows = attempt(client, subscriber, ours, payloads.fit(claim.message, subscriber, origin), http)
            else:
                rows = unwanted(subscriber, claim.message)
            more = time.monotonic() < ends
            claim, tried = _settle(redis, subscriber, lane, claim, rows, waits, more), tried + 1
    finally:
        if claim:  # something broke on the way
            plan.leave(id, lane)
    return tried


def attempts(redis: Any, subscriber: str, most: int = 100) -> list[Attempt]:
    """The newest attempts at this subscriber, the newest first."""
    rows = redis.xrevrange(f"hook:{subscriber}:attempts", count=most)
    return [Attempt(**json.loads(row[b"a"])) for _, row in rows]


@functools.lru_cache(maxsize=4)
def queue(redis: Any) -> Queue:
    """RQ's queue for webhooks on this connection."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


@functools.lru_cache(maxsize=4)
def _schedule(redis: Any) -> Schedule:
    return Schedule(Quick(redis))


@functools.cache
def _sender() -> tuple[Client, Seal, dict[str, Any]]:
    """This process's client and seal, and what `deliver` is to know. In the demo receivers may be unencrypted."""
    settings = config.load()
    agent = f"{PROJECT}/{VERSION}" + (f" (+{settings.public_url})" if settings.public_url else "")
    client = Client(allow_loopback=settings.allow_loopback, user_agent=agent)
    options = {"http": settings.allow_loopback, "origin": settings.public_url, "waits": settings.webhook_schedule}
    return client, Seal(settings.secret_key), options


def _opened(redis: Any, seal: Seal, subscriber: Subscriber) -> Credentials | None:
    """What we need to sign. Without it nothing is sent and nothing lost: the subscriber is paused, and says why."""
    try:
        return credentials.opened(redis, seal, subscriber, time.time())
    except WrongKey as wrong:
        log.error("No webhooks to %s: %s", urls.host_of(subscriber.url), wrong)
        if subscriber.state == "on":
            endpoints.pause(redis, subscriber.id, f"{wrong} Then resume it.")
        return None


def _find_subscribers(redis: Any, messages: list[str], now: float) -> None:
    """Safe to repeat, and to do twice at once: who has the message has it."""
    if not messages:
        return
    everyone, pipe = list(endpoints.everyone(redis)), Quick(redis).pipeline()
    for id in messages:
        pipe.hget(f"message:{id}", "kind")
    kinds = [(kind or b"").decode() for kind in pipe.execute()]
    wanting = {kind: [one.id for one in everyone if kind and one.wants(kind)] for kind in set(kinds)}
    for id, kind in zip(messages, kinds, strict=True):
        _schedule(redis).add(id, wanting[kind], now)
        pipe.hset(f"message:{id}", "subscribers", len(wanting[kind]))
        pipe.zrem(NEW, id)
    pipe.execute()


def _lanes(redis: Any, id: str, waiting: int) -> int:
    """As many jobs as it may have requests at once, if there is enough for them to do."""
    subscriber = endpoints.load(redis, id)
    return min(subscriber.at_once if subscriber else 0, 1 + waiting // MANY)


def _settle(
    redis: Any, subscriber: Subscriber, lane: str, claim: Claim, sent: list[Attempt], waits: Sequence[float], more: bool
) -> Claim | None:
    """Write down what came of it; the next claim, if there is time for more."""
    last, now, chance, tries = sent[-1], time.time(), random.random(), claim.message.tries  # noqa: S311 - spreads load
    verdict, stops = last.meaning.verdict, last.meaning.stops and not last.fallback
    pause = retries.wait(tries, waits, chance)
    wish = retries.wish((last.response or {}).get("retry-after", ""), now) if verdict in ("slow", "again") else 0.0
    result = RESULTS.get(verdict) or ("dead" if pause is None else "waiting")
    settled = Settled(
        claim.message,
        [*_lost(subscriber, claim), *sent],
        result,
        next_at=now + max(pause or 0.0, wish),
        hold=now + max(wish, waits[min(1, len(waits) - 1)]) if verdict == "slow" else 0.0,
        chance=1 - retries.JITTER * chance,
        telling=lambda pipe: _tell(pipe, subscriber, claim, last, result),
    )
    failing_since, following = _schedule(redis).settle(subscriber, lane, settled, now, more and not stops)
    if stops:
        _give_up(redis, subscriber, last.meaning.advice, now)
    elif failing_since and now - failing_since > GIVE_UP_AFTER:
        _give_up(redis, subscriber, "For five days it has taken nothing, so we stopped.", now)
    return following


def _lost(subscriber: Subscriber, claim: Claim) -> list[Attempt]:
    """A row for each attempt whose process died since rows were last written: it may have arrived."""
    sentence = "Whoever sent it died before the answer came; it may have arrived."
    id, kind, tries = claim.message.id, claim.message.kind, claim.message.tries
    return [
        Attempt(id, kind, one, 0.0, subscriber.url, False, {}, cause="lost", sentence=sentence)
        for one in range(tries - claim.lost, tries)
    ]


def _give_up(redis: Any, subscriber: Subscriber, why: str, now: float) -> None:
    """Disable it, and tell its owner by another channel."""
    endpoints.stop(redis, subscriber.id, why)
    pipe = redis.pipeline()
    if subscriber.owner:
        words = f"We no longer send webhooks to {urls.host_of(subscriber.url)}. {why}"
        outbox.plan(pipe, outbox.Effect(f"stopped-{subscriber.id}-{int(now)}", subscriber.owner, words, ""), now)
    pipe.execute()


def _tell(pipe: Any, subscriber: Subscriber, claim: Claim, last: Attempt, result: str) -> None:
    if result == "unwanted" or (result == "delivered" and claim.heard_by > CROWD):
        return
    kind = {"delivered": "webhook.delivered", "waiting": "webhook.failed", "dead": "webhook.dead"}[result]
    facts = {"cause": last.cause or None, "status": last.status or None, "ms": last.milliseconds}
    facts |= {"subscriber": subscriber.id, "host": urls.host_of(last.url), "attempt": claim.message.tries}
    events.publish(pipe, kind, claim.message.id, **facts)


def _about(ids: list[str]) -> str:
    return f"webhooks to {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")
