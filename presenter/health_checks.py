"""Health checks: the state of Redis, the workers and the queues."""

import time
from dataclasses import dataclass, field

import redis
from flask import current_app
from rq import Queue, Worker
from rq.registry import FailedJobRegistry, StartedJobRegistry

from presenter.blueprint import bp
from receiving import backpressure
from sending import text_circuit_breaker
from stage.blueprint import get_page_store
from store import connection_budget, memory_usage, write_access
from store.outages import StoreUnavailable
from workers import pending_answers
from workers.queues import QUEUES

CACHE_TTL_SECONDS = 1.0


@dataclass(frozen=True)
class QueueStatus:
    """The numbers of waiting, running and failed jobs in a queue."""

    name: str
    waiting: int
    running: int
    failed: int


@dataclass(frozen=True)
class Health:
    """The result of a check. `workers` is the number of workers whose heartbeat in RQ's records is current."""

    is_redis_up: bool
    workers: int = 0
    pending_answers: int = 0
    queues: list[QueueStatus] = field(default_factory=list)
    connections: str = ""
    eviction: str = ""  # why records may be lost; "" if they are safe
    refusal: str = ""  # why the store refuses commands or writes, or the app refuses new webhooks; "" if none
    stop_reason: str = ""  # why all sending is stopped; "" if it is not stopped

    @property
    def is_ready(self) -> bool:
        return self.is_redis_up and self.workers > 0 and not self.eviction

    @property
    def summary(self) -> dict[str, str]:
        """The state of Redis, the workers, sending and the connections, one phrase each."""
        if not self.is_redis_up:
            state = f"cannot be used: {self.refusal}" if self.refusal else "not responding"
            return {
                "redis": state,
                "workers": "unknown while Redis " + ("cannot be used" if self.refusal else "is not responding"),
            }
        redis_state = f"up, but {self.refusal}" if self.refusal else "up"
        none = "none running, so slow answers wait: start a worker"
        unknown = "unknown, because they cannot register there"
        return {
            "redis": f"cannot be used: {self.eviction}" if self.eviction else redis_state,
            "workers": f"{self.workers} running" if self.workers else unknown if self.refusal else none,
            "sending": f"stopped: {self.stop_reason}" if self.stop_reason else "active",
            "connections": self.connections,
        }


@bp.get("/health/live")
def live() -> dict[str, str]:
    """200 while this process handles requests."""
    return {"status": "live"}


@bp.get("/health")
@bp.get("/health/ready")
def ready() -> tuple[dict[str, str], int, dict[str, str]]:
    """200 if Redis is up and a worker is running, otherwise 503; the body names the missing part."""
    health = check_health()
    status = "ready" if health.is_ready else "not ready"
    headers = {} if health.is_ready else {"Retry-After": "5"}
    return {"status": status, **health.summary}, 200 if health.is_ready else 503, headers


def check_health() -> Health:
    """The current health, cached for CACHE_TTL_SECONDS."""
    initial = {"checked_at": float("-inf"), "store": get_page_store()}
    cache = current_app.extensions.setdefault("presenter.health_checks", initial)
    if time.monotonic() - cache["checked_at"] > CACHE_TTL_SECONDS:
        cache["health"] = _query_health(cache["store"])
        cache["checked_at"] = time.monotonic()
    found: Health = cache["health"]
    return found


def count_workers(client: redis.Redis) -> int:
    """Return the number of workers whose heartbeat in RQ's records is current."""
    keys = Worker.all_keys(connection=client)
    return int(client.exists(*keys)) if keys else 0  # type: ignore[arg-type]


def _query_health(client: redis.Redis) -> Health:
    try:
        workers = count_workers(client)
        open_count = pending_answers.count_open(client)
        queues = [_queue_status(name, client) for name in QUEUES]
        connections, eviction = connection_budget.describe_connections(client), memory_usage.find_eviction(client)
        return Health(
            True,
            workers,
            open_count,
            queues,
            connections,
            eviction,
            _find_refusal(client),
            text_circuit_breaker.stop_reason(client),
        )
    except StoreUnavailable as error:
        return Health(False, refusal=str(error))
    except redis.RedisError:
        return Health(False)


def _find_refusal(client: redis.Redis) -> str:
    if replica := write_access.find_replica(client):
        return replica
    share = memory_usage.used_share(client)
    if share > backpressure.MAX_MEMORY_SHARE:
        return f"{share:.0%} of its memory is used, so new webhooks are refused: give it more"
    return ""


def _queue_status(name: str, client: redis.Redis) -> QueueStatus:
    queue = Queue(name, connection=client)
    started, failed = StartedJobRegistry(queue=queue), FailedJobRegistry(queue=queue)
    return QueueStatus(name, queue.count, started.get_job_count(cleanup=False), failed.get_job_count(cleanup=False))
