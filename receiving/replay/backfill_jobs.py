"""Errands: the jobs behind a run. Safe to run twice: the claims decide what is done, and a run's rows begin anew."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from rq import Queue

from config import Settings
from receiving.replay import backfill, replay
from receiving.replay.replay import Wanted
from store import collect
from workers import callbacks, runs
from workers.runs import Log, Outcome, Run

TAKES = 900  # seconds at most
KEPT = 3_600  # seconds RQ keeps the job
SAID = {"good": "done", "over": "known already", "waiting": "asked for again", "failed": "failed"}


def send_for(redis: Any, queue: Queue, kind: str, asked: dict[str, Any]) -> Run:
    """Write the run down and queue its job, both or neither."""
    pipe = collect(redis)
    run = runs.plan(pipe, kind, asked)
    queue.enqueue_call(
        carry_out,
        args=(run.id,),
        job_id=f"run-{run.id}",
        timeout=TAKES,
        result_ttl=KEPT,
        failure_ttl=KEPT,
        description=f"{kind} (presenter)",
        pipeline=pipe,
    )
    runs.write(redis, pipe, run)
    return run


def carry_out(id: str) -> None:
    """What the worker does."""
    phone = callbacks.telephone()
    run = runs.load(phone.redis, id)
    if run is not None and run.is_open:
        work(phone.settings, phone.redis, run)


def work(settings: Settings, redis: Any, run: Run) -> None:
    """Carry it out, and say so whatever happens."""
    log = Log(redis, run)
    try:
        log.end("done", WORK[run.kind](settings, redis, log))
    except BaseException as trouble:
        log.end("failed", f"It broke off: {type(trouble).__name__}. The log has more.")
        raise


def _replay(settings: Settings, redis: Any, log: Log) -> str:
    wanted = Wanted(**log.run.asked | {"ids": tuple(log.run.asked.get("ids", ()))})
    chosen = replay.choose(redis, wanted)
    log.expect(len(chosen))
    return _each(log, replay.replay(settings, chosen, wanted, log.run.id))


def _look(settings: Settings, redis: Any, log: Log) -> str:
    found = _difference(settings, redis, log)
    for one in found.missing[: runs.ROWS]:
        log.add(Outcome(one.line, "waiting", 0, 0.0, "never came", one.at))
    return found.in_words()


def _heal(settings: Settings, redis: Any, log: Log) -> str:
    found = _difference(settings, redis, log)
    return f"{found.in_words()} {_each(log, backfill.heal(settings, found.missing, log.run.id))}"


def _difference(settings: Settings, redis: Any, log: Log) -> backfill.Difference:
    asked = log.run.asked
    found = backfill.look(redis, backfill.lists(settings, redis), asked["since"], asked["until"], log.tell)
    for name, trouble in found.untold.items():
        log.add(Outcome(name, "failed", 0, 0.0, trouble))
    log.expect(log.run.done + len(found.missing))
    return found


def _each(log: Log, outcomes: Iterable[Outcome]) -> str:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        log.add(outcome)
        counts[outcome.state] += 1
    return ", ".join(f"{counts[state]} {words}" for state, words in SAID.items() if counts[state]) or "Nothing to do."


WORK: dict[str, Callable[[Settings, Any, Log], str]] = {runs.REPLAY: _replay, runs.LOOK: _look, runs.HEAL: _heal}
