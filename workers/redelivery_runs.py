"""Recovering what failed at one subscriber: a job, because it may be ten thousand messages, that says how far it is."""

import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from rq import Queue, get_current_job

from sending.webhooks import redelivery
from store import collect, commit

KEPT = 24 * 3600  # seconds a recovery is remembered
TAKES = 600  # seconds the job may run


@dataclass(frozen=True)
class Recovery:
    """`state` is waiting, working, done or failed; `since` and `until` are in seconds since 1970."""

    id: str
    subscriber: str
    since: float
    until: float
    state: str = "waiting"
    done: int = 0
    total: int = 0
    why: str = ""

    @property
    def is_open(self) -> bool:
        """True while there is something to wait for."""
        return self.state in ("waiting", "working")


def begin(redis: Any, queue: Queue, subscriber: str, since: float, now: float | None = None) -> Recovery:
    """Write down what is to be recovered and give it to a worker: both, or neither."""
    wanted = Recovery(f"rec_{secrets.token_hex(8)}", subscriber, since, now or time.time())
    key, pipe = _key(wanted.id), collect(redis)
    row: dict[Any, Any] = asdict(wanted)
    pipe.hset(key, mapping=row)
    pipe.expire(key, KEPT)
    about = f"recovering {subscriber}"
    queue.enqueue_call(recover, args=(wanted.id,), timeout=TAKES, result_ttl=0, description=about, pipeline=pipe)
    commit(redis, pipe, key, "", field="state")
    return wanted


def load(redis: Any, id: str) -> Recovery | None:
    """How far this recovery is, if there is (still) one."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(_key(id)).items()}
    if not row:
        return None
    numbers = {"since": float(row["since"]), "until": float(row["until"])}
    return Recovery(**{**row, **numbers, "done": int(row["done"]), "total": int(row["total"])})  # type: ignore[arg-type]


def recover(id: str) -> None:
    """The job. A second run goes on where the first one died."""
    redis = get_current_job().connection  # type: ignore[union-attr]
    if wanted := load(redis, id):
        run(redis, wanted)


def run(redis: Any, wanted: Recovery) -> None:
    """Recover, and write down how far it is."""
    before = wanted.done
    try:
        for done, total in redelivery.recover(redis, wanted.subscriber, wanted.since, wanted.until):
            _note(redis, wanted.id, state="working", done=before + done, total=before + total)
        _note(redis, wanted.id, state="done")
    except redelivery.IsOff as sentence:
        _note(redis, wanted.id, state="failed", why=str(sentence))


def _note(redis: Any, id: str, **facts: Any) -> None:
    redis.hset(_key(id), mapping=facts)


def _key(id: str) -> str:
    return f"recovery:{id}"
