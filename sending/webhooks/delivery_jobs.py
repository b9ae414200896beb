"""Hands messages to workers. `deliver_later` stores one; `enqueue_due` enqueues jobs for the endpoints that are due."""

import functools
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from redis import Redis
from rq import Queue, get_current_job
from rq.serializers import JSONSerializer

import config
from sending.http.client import PROJECT, VERSION, HttpClient
from sending.webhooks import payloads
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.message_delivery import deliver
from sending.webhooks.queue import messages
from sending.webhooks.queue.delivery_queue import get_delivery_queue
from store import Pipe, Store

QUEUE_NAME = "webhooks"
MAX_PER_SWEEP = 2_000  # endpoints
MESSAGES_PER_BATCH, MAX_BATCHES_PER_SWEEP = 100, 50
REQUEUE_AFTER_SECONDS = 30.0  # an endpoint whose job was lost gets another job
MESSAGES_PER_JOB = 10  # an endpoint with this many waiting messages gets jobs of its own, one per ten messages
ENDPOINTS_PER_JOB = 20  # at least; healthy endpoints with few messages share jobs
MAX_SHARED_JOBS = 4  # a job costs as much as five deliveries
INITIAL_THREADS = 2  # of a shared job; doubled whenever the job stalls
STALL_CHECK_SECONDS = 0.05
BUSY_CPU_SHARE = 0.5  # of one processor; beyond this, more threads only compete for the interpreter lock
JOB_TIMEOUT_SECONDS = 120
JOB_TTLS: dict[str, Any] = {"result_ttl": 1, "failure_ttl": 3_600}  # seconds


def deliver_later(
    pipe: Store | Pipe, event_type: str, data: Mapping[str, Any], *, id: str = "", now: float | None = None
) -> str:
    """Store a message for the endpoints subscribed to its type. Returns its id.

    Messages with the same `id` are sent only once. `data` must be JSON-serializable; `now` is a Unix timestamp.
    """
    now, id = now or time.time(), id or messages.new_id()
    messages.save_new(pipe, id, event_type, payloads.build_envelope(event_type, data, now))
    return id


def enqueue_due(redis: Redis, now: float | None = None) -> int:
    """Queue new messages, and enqueue jobs for the endpoints that are due. Returns the number of jobs."""
    now = now or time.time()
    _fan_out(redis, now)
    shared, jobs = [], []
    for id, waiting, failures in get_delivery_queue(redis).take_due(now, MAX_PER_SWEEP, now + REQUEUE_AFTER_SECONDS):
        if failures or waiting >= MESSAGES_PER_JOB:
            jobs += [[id]] * (1 if failures else _job_count(redis, id, waiting))
        else:
            shared.append(id)
    size = max(ENDPOINTS_PER_JOB, -(-len(shared) // MAX_SHARED_JOBS))
    jobs += [shared[start : start + size] for start in range(0, len(shared), size)]
    for ids in jobs:
        options = {"timeout": JOB_TIMEOUT_SECONDS, "description": _describe_job(ids), **JOB_TTLS}
        get_queue(redis).enqueue_call(deliver_job, args=(ids,), **options)
    return len(jobs)


def deliver_job(ids: list[str]) -> None:
    """The RQ job: send these endpoints their due messages, several endpoints at a time."""
    redis, (client, encryption, options) = get_current_job().connection, _get_sender()  # type: ignore[union-attr]

    def send(id: str) -> int:
        return deliver(redis, client, encryption, id, **options)

    if len(ids) == 1:
        send(ids[0])
        return
    waiting = deque(ids)
    with ThreadPoolExecutor(len(ids)) as threads:
        running = [threads.submit(_deliver_until_empty, send, waiting) for _ in range(INITIAL_THREADS)]
        while waiting:  # add threads if no endpoint was started or most time is spent waiting for the network
            left, start, cpu_start = len(waiting), time.monotonic(), time.process_time()
            wait(running, timeout=STALL_CHECK_SECONDS)
            is_busy = time.process_time() - cpu_start > BUSY_CPU_SHARE * (time.monotonic() - start)
            if len(waiting) == left or not is_busy:
                more = min(len(running), len(ids) - len(running))
                running += [threads.submit(_deliver_until_empty, send, waiting) for _ in range(more)]
    for future in running:
        future.result()


def _deliver_until_empty(send: Callable[[str], int], waiting: deque[str]) -> None:
    while waiting:
        try:
            id = waiting.popleft()
        except IndexError:  # another thread took the last id
            return
        send(id)


@functools.lru_cache(maxsize=4)
def get_queue(redis: Redis) -> Queue:
    """Return the RQ queue for webhooks on this connection."""
    return Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)


@functools.cache
def _get_sender() -> tuple[HttpClient, Encryption, dict[str, Any]]:
    """Return this process's client and encryption, and the options of `deliver`. The demo allows unencrypted URLs."""
    settings = config.load()
    agent = f"{PROJECT}/{VERSION}" + (f" (+{settings.public_url})" if settings.public_url else "")
    client = HttpClient(allow_loopback=settings.allow_loopback, user_agent=agent)
    options = {"http": settings.allow_loopback, "origin": settings.public_url, "schedule": settings.webhook_schedule}
    return client, Encryption(settings.secret_key), options


def _fan_out(redis: Store, now: float) -> None:
    """Queue new messages for the endpoints subscribed to their types. Safe to repeat, even concurrently."""
    for _ in range(MAX_BATCHES_PER_SWEEP):
        new = messages.load_new(redis, MESSAGES_PER_BATCH)
        if not new:
            return
        known = list(stored_endpoints.load_all(redis))
        receivers = {
            event_type: [endpoint.id for endpoint in known if endpoint.subscribes_to(event_type)]
            for event_type in {message.event_type for message in new}
        }
        get_delivery_queue(redis).plan({message.entry: receivers[message.event_type] for message in new}, now)


def _job_count(redis: Store, id: str, waiting: int) -> int:
    endpoint = stored_endpoints.load(redis, id)
    return min(endpoint.max_concurrency if endpoint else 0, 1 + waiting // MESSAGES_PER_JOB)


def _describe_job(ids: list[str]) -> str:
    return f"webhooks to {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")
