"""Runs: long work that a person started, for others to watch: how far it is, and what became of each request."""

import json
import secrets
import time
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

from store import commit_if_unchanged

RUNS_KEY = "runs"  # the ids of the newest, newest first
MAX_RUNS = 20  # runs
RUN_TTL_SECONDS = 3 * 24 * 3600  # seconds
MAX_OUTCOMES = 500  # outcomes of one run
STALLED_AFTER_SECONDS = (
    60  # seconds without a word from a run at work: its worker may have died, and another takes it up
)

REPLAY, FIND_MISSING, BACKFILL = "replay", "find_missing", "backfill"


@dataclass(frozen=True)
class Run:
    """`state`: waiting, working, done, failed. `options`: the form's choices. `words`: its progress or result."""

    id: str
    kind: str
    options: dict[str, Any]
    state: str = "waiting"
    done: int = 0
    total: int = 0
    words: str = ""
    started_at: float = 0.0  # seconds since 1970
    updated_at: float = 0.0  # when it last said something

    @property
    def is_open(self) -> bool:
        """True until it is done or has failed."""
        return self.state in ("waiting", "working")

    @property
    def is_stalled(self) -> bool:
        """True when it should have said something meanwhile."""
        return self.is_open and time.time() - self.updated_at > STALLED_AFTER_SECONDS


@dataclass(frozen=True)
class Outcome:
    """What became of one request, which first came, or was sent, at `at` (seconds since 1970; 0.0 when nobody knows).

    `state`: success, skipped (nothing to do), waiting (it comes by another way), failed. `status`: 0 for no answer.
    """

    what: str
    state: str
    status: int
    seconds: float
    words: str
    at: float = 0.0


def plan(pipe: Any, kind: str, options: dict[str, Any], id: str = "") -> Run:
    """A new run, on the pipeline that also queues its job."""
    now = time.time()
    run = Run(id or secrets.token_hex(6), kind, options, started_at=now, updated_at=now)
    pipe.execute_command("SET", f"run:{run.id}", json.dumps(asdict(run)), "EX", RUN_TTL_SECONDS)
    pipe.execute_command("LPUSH", RUNS_KEY, run.id)
    pipe.execute_command("LTRIM", RUNS_KEY, 0, MAX_RUNS - 1)
    return run


def save(redis: Any, pipe: Any, run: Run) -> bool:
    """Everything on the pipeline of `plan`, at once."""
    return commit_if_unchanged(redis, pipe, f"run:{run.id}", "")


def load(redis: Any, id: str) -> Run | None:
    """The run with this id, or None when it is not known any more."""
    found = redis.get(f"run:{id}")
    return Run(**json.loads(found)) if found else None


def latest(redis: Any, count: int = MAX_RUNS) -> list[Run]:
    """The newest, newest first."""
    ids = [id.decode() for id in redis.lrange(RUNS_KEY, 0, count - 1)]
    found = redis.mget([f"run:{id}" for id in ids]) if ids else []
    return [Run(**json.loads(row)) for row in found if row]


def outcomes(redis: Any, id: str, count: int = MAX_OUTCOMES) -> list[Outcome]:
    """What became of each request so far, in order."""
    return [Outcome(*json.loads(row)) for row in redis.lrange(f"run:{id}:rows", 0, count - 1)]


class RunWriter:
    """What the one who works on a run writes; each word is seen at once."""

    def __init__(self, redis: Any, run: Run) -> None:
        self.redis, self.run = redis, run
        redis.delete(f"run:{run.id}:rows")  # a run whose worker died begins anew
        self._update(state="working", done=0, total=0, words="")

    def set_message(self, words: str) -> None:
        """Where it is."""
        self._update(words=words)

    def set_total(self, total: int) -> None:
        """How many requests there are."""
        self._update(total=total)

    def add_outcome(self, outcome: Outcome) -> None:
        """One more is done."""
        key = f"run:{self.run.id}:rows"
        pipe = self.redis.pipeline()
        pipe.rpush(key, json.dumps(astuple(outcome)))
        pipe.ltrim(key, 0, MAX_OUTCOMES - 1)
        pipe.expire(key, RUN_TTL_SECONDS)
        pipe.execute()
        self._update(done=self.run.done + 1)

    def finish(self, state: str, words: str) -> None:
        """It is `done` or has `failed`."""
        self._update(state=state, words=words)

    def _update(self, **changes: Any) -> None:
        self.run = replace(self.run, **changes, updated_at=time.time())
        self.redis.set(f"run:{self.run.id}", json.dumps(asdict(self.run)), ex=RUN_TTL_SECONDS)
