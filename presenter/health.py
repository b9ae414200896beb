"""Is everything well: Redis, the workers, the queues, in words."""

import time
from dataclasses import dataclass, field
from typing import Any

import redis
from flask import current_app
from rq import Queue, Worker
from rq.registry import FailedJobRegistry, StartedJobRegistry

from presenter.blueprint import bp
from stage.blueprint import get_page_store
from workers import pending_answers
from workers.queues import QUEUES

CACHE_TTL_SECONDS = 1.0  # seconds that one look serves everybody who asks


@dataclass(frozen=True)
class QueueStatus:
    """A queue: jobs that wait, that run, that failed."""

    name: str
    waiting: int
    running: int
    failed: int


@dataclass(frozen=True)
class Health:
    """One look at the parts. A worker is alive while it renews its own row in Redis, as RQ sees it."""

    is_redis_up: bool
    workers: int = 0
    asks_open: int = 0
    lines: list[QueueStatus] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.is_redis_up and self.workers > 0

    @property
    def words(self) -> dict[str, str]:
        """Each part in a sentence."""
        if not self.is_redis_up:
            return {"redis": "does not answer", "workers": "unknown while Redis does not answer"}
        alive = "none is alive, so slow work waits: start a worker"
        return {"redis": "answers", "workers": f"{self.workers} alive" if self.workers else alive}


@bp.get("/health/live")
def live() -> dict[str, str]:
    """This process answers."""
    return {"status": "live"}


@bp.get("/health/ready")
def ready() -> tuple[dict[str, str], int]:
    """200 when Redis answers and a worker is alive, otherwise 503; says which part is missing."""
    health = check_health()
    status = "ready" if health.is_ready else "not ready"
    return {"status": status, **health.words}, 200 if health.is_ready else 503


def check_health() -> Health:
    """How things are, at most a second old."""
    kept = current_app.extensions.setdefault("presenter.health", {"at": float("-inf"), "store": get_page_store()})
    if time.monotonic() - kept["at"] > CACHE_TTL_SECONDS:
        kept["health"] = _query_health(kept["store"])
        kept["at"] = time.monotonic()
    found: Health = kept["health"]
    return found


def _query_health(client: redis.Redis) -> Health:
    try:
        workers = Worker.all_keys(connection=client)
        alive = int(client.exists(*workers)) if workers else 0  # type: ignore[arg-type]
        return Health(
            True, alive, client.zcard(pending_answers.OPEN_KEY), [_queue_status(name, client) for name in QUEUES]
        )
    except redis.RedisError:
        return Health(False)


def _queue_status(name: str, client: Any) -> QueueStatus:
    queue = Queue(name, connection=client)
    started, failed = StartedJobRegistry(queue=queue), FailedJobRegistry(queue=queue)
    return QueueStatus(name, queue.count, started.get_job_count(cleanup=False), failed.get_job_count(cleanup=False))
