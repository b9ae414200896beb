"""The progress and outcomes, in Redis, of jobs that a person starts and watches. Each start of such a job is a run."""

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

from rq import Queue

from store import Pipe, Store, commit_if_unchanged, new_pipeline
from store.erasure import Erasure, erases, scan

RUN_ID_PATTERN = re.compile(r"[0-9a-z_]+")  # checked before an id is used in a Redis key
RUNS_KEY = "runs"  # a list of run ids, newest first
MAX_RUNS = 20  # in that list
RUN_TTL_SECONDS = 3 * 24 * 3600
MAX_OUTCOMES = 500  # per run
STALLED_AFTER_SECONDS = 60  # without an update; the run's worker has probably died
JOB_TIMEOUT_SECONDS = 900
JOB_TTL_SECONDS = 3_600  # RQ then deletes the finished or failed job

REPLAY, FIND_MISSING, BACKFILL, REDELIVERY = "replay", "find_missing", "backfill", "redelivery"


class RunFailed(Exception):
    """The run cannot be completed; the message says why."""


@dataclass(frozen=True)
class Run:
    """`state` is waiting, working, done or failed; `words` is a human-readable progress report or result."""

    id: str
    kind: str  # REPLAY, FIND_MISSING, BACKFILL or REDELIVERY
    options: dict[str, Any]  # as chosen in the form or the API request
    state: str = "waiting"
    done: int = 0
    total: int = 0
    words: str = ""
    started_at: float = 0.0  # a Unix timestamp
    updated_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the run is neither done nor failed."""
        return self.state in ("waiting", "working")

    @property
    def is_stalled(self) -> bool:
        """Whether the run is open but has not been updated for STALLED_AFTER_SECONDS."""
        return self.is_open and time.time() - self.updated_at > STALLED_AFTER_SECONDS


@dataclass(frozen=True)
class Outcome:
    """The result of one request in a run.

    `state` is success, skipped (nothing to do), waiting (its provider will send it again) or failed. `status` is the
    HTTP status, or 0 if there was no response. `at` is when the request was first received or sent, as a Unix
    timestamp; 0.0 if unknown.
    """

    what: str
    state: str
    status: int
    seconds: float
    words: str
    at: float = 0.0


def start(
    redis: Store,
    queue: Queue,
    job: Callable[[str], None],
    kind: str,
    options: dict[str, Any],
    *,
    id: str = "",
    timeout: int = JOB_TIMEOUT_SECONDS,
    listed: bool = True,
) -> Run:
    """Store a new run and enqueue `job` with its id, in one transaction. `latest` returns only `listed` runs."""
    pipe = new_pipeline(redis)
    run = plan(pipe, kind, options, id, listed)
    queue.enqueue_call(
        job,
        args=(run.id,),
        job_id=f"run-{run.id}",
        timeout=timeout,
        result_ttl=JOB_TTL_SECONDS,
        failure_ttl=JOB_TTL_SECONDS,
        description=kind,
        pipeline=pipe,
    )
    commit_if_unchanged(redis, pipe, f"run:{run.id}", "")
    return run


def plan(pipe: Pipe | Store, kind: str, options: dict[str, Any], id: str = "", listed: bool = True) -> Run:
    """Create a run and queue its write on this pipeline."""
    now = time.time()
    run = Run(id or secrets.token_hex(6), kind, options, started_at=now, updated_at=now)
    pipe.execute_command("SET", f"run:{run.id}", json.dumps(asdict(run)), "EX", RUN_TTL_SECONDS)
    if listed:
        pipe.execute_command("LPUSH", RUNS_KEY, run.id)
        pipe.execute_command("LTRIM", RUNS_KEY, 0, MAX_RUNS - 1)
    return run


def load(redis: Store, id: str) -> Run | None:
    """Return the run with this id, or None if it does not exist or has expired."""
    found = redis.get(f"run:{id}") if RUN_ID_PATTERN.fullmatch(id) else None
    return Run(**json.loads(found)) if found else None


def latest(redis: Store, count: int = MAX_RUNS) -> list[Run]:
    """Return the latest listed runs, newest first."""
    ids = [id.decode() for id in redis.lrange(RUNS_KEY, 0, count - 1)]
    found = redis.mget([f"run:{id}" for id in ids]) if ids else []
    return [Run(**json.loads(row)) for row in found if row]


def outcomes(redis: Store, id: str, count: int = MAX_OUTCOMES) -> list[Outcome]:
    """Return the first outcomes of a run, in order."""
    return [Outcome(*json.loads(row)) for row in redis.lrange(f"run:{id}:outcomes", 0, count - 1)]


def execute(redis: Store, run: Run, work: Callable[["RunWriter"], str]) -> None:
    """Run `work` and record the result: done, with the words that `work` returns, or failed.

    RunFailed ends the run with its message; any other exception is re-raised, so that the job fails too.
    """
    writer = RunWriter(redis, run)
    try:
        writer.finish("done", work(writer))
    except RunFailed as reason:
        writer.finish("failed", str(reason))
    except BaseException as error:
        writer.finish("failed", f"Stopped by {type(error).__name__}. See the log for details.")
        raise


class RunWriter:
    """Writes the progress of one run; each change is visible immediately."""

    def __init__(self, redis: Store, run: Run) -> None:
        self.redis, self.run = redis, run
        self._update(state="working")

    def clear(self) -> None:
        """Discard the progress recorded by an earlier attempt at the job."""
        self.redis.delete(f"run:{self.run.id}:outcomes")
        self._update(done=0, total=0, words="")

    def set_message(self, words: str) -> None:
        """Set a human-readable description of the current step."""
        self._update(words=words)

    def set_total(self, total: int) -> None:
        """Set the number of requests."""
        self._update(total=total)

    def set_progress(self, done: int, total: int) -> None:
        """Set the number done and the total, for a run without outcomes."""
        self._update(done=done, total=total)

    def add_outcome(self, outcome: Outcome) -> None:
        """Count one more request as done."""
        key = f"run:{self.run.id}:outcomes"
        pipe = self.redis.pipeline()
        pipe.rpush(key, json.dumps(astuple(outcome)))
        pipe.ltrim(key, 0, MAX_OUTCOMES - 1)
        pipe.expire(key, RUN_TTL_SECONDS)
        pipe.execute()
        self._update(done=self.run.done + 1)

    def finish(self, state: str, words: str) -> None:
        """End the run as done or failed."""
        self._update(state=state, words=words)

    def _update(self, **changes: Any) -> None:
        self.run = replace(self.run, **changes, updated_at=time.time())
        self.redis.set(f"run:{self.run.id}", json.dumps(asdict(self.run)), ex=RUN_TTL_SECONDS)


@erases("runs")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase replays and backfills, whose outcomes describe requests. Numbers in them are masked."""
    if erasure.number:
        return 0
    keys = [key for key in scan(redis, "run:*") if not key.endswith(":outcomes")]
    old = [key for key in keys if (run := load(redis, key.removeprefix("run:"))) and run.started_at < erasure.before]
    return sum(redis.delete(key, f"{key}:outcomes") > 0 for key in old)
