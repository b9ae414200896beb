"""Recovering what failed at one subscriber: a job, because it may be ten thousand messages, that says how far it is."""

import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from rq import Queue, get_current_job

from sending.webhooks import redelivery
from store import commit_if_unchanged, new_pipeline

RUN_TTL_SECONDS = 24 * 3600  # seconds a recovery is remembered
JOB_TIMEOUT_SECONDS = 600  # seconds the job may run


@dataclass(frozen=True)
class RedeliveryRun:
    """`state` is waiting, working, done or failed; `since` and `until` are in seconds since 1970."""

    id: str
    subscriber: str
    since: float
    until: float
    state: str = "waiting"
    done: int = 0
    total: int = 0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """True while there is something to wait for."""
        return self.state in ("waiting", "working")


def begin(redis: Any, queue: Queue, subscriber: str, since: float, now: float | None = None) -> RedeliveryRun:
    """Write down what is to be recovered and give it to a worker: both, or neither."""
    wanted = RedeliveryRun(f"rec_{secrets.token_hex(8)}", subscriber, since, now or time.time())
    key, pipe = _key(wanted.id), new_pipeline(redis)
    row: dict[Any, Any] = asdict(wanted)
    pipe.hset(key, mapping=row)
    pipe.expire(key, RUN_TTL_SECONDS)
    about = f"recovering {subscriber}"
    queue.enqueue_call(
        redeliver, args=(wanted.id,), timeout=JOB_TIMEOUT_SECONDS, result_ttl=0, description=about, pipeline=pipe
    )
    commit_if_unchanged(redis, pipe, key, "", field="state")
    return wanted


def load(redis: Any, id: str) -> RedeliveryRun | None:
    """How far this recovery is, if there is (still) one."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(_key(id)).items()}
    if not row:
        return None
    numbers = {"since": float(row["since"]), "until": float(row["until"])}
    return RedeliveryRun(**{**row, **numbers, "done": int(row["done"]), "total": int(row["total"])})  # type: ignore[arg-type]


def redeliver(id: str) -> None:
    """The job. A second run goes on where the first one died."""
    redis = get_current_job().connection  # type: ignore[union-attr]
    if wanted := load(redis, id):
        run(redis, wanted)


def run(redis: Any, wanted: RedeliveryRun) -> None:
    """Recover, and write down how far it is."""
    before = wanted.done
    try:
        for done, total in redelivery.recover(redis, wanted.subscriber, wanted.since, wanted.until):
            _update(redis, wanted.id, state="working", done=before + done, total=before + total)
        _update(redis, wanted.id, state="done")
    except redelivery.EndpointDisabled as sentence:
        _update(redis, wanted.id, state="failed", reason=str(sentence))


def _update(redis: Any, id: str, **facts: Any) -> None:
    redis.hset(_key(id), mapping=facts)


def _key(id: str) -> str:
    return f"recovery:{id}"
