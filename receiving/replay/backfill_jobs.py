"""Errands: the jobs behind a run. Safe to run twice: the claims decide what is done, and a run's rows begin anew."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from rq import Queue

from config import Settings
from receiving.replay import backfill, replay
from receiving.replay.replay import ReplayRequest
from workers import callbacks, runs
from workers.runs import Outcome, Run, RunWriter

STATE_LABELS = {"good": "done", "over": "known already", "waiting": "asked for again", "failed": "failed"}


def enqueue_run(redis: Any, queue: Queue, kind: str, asked: dict[str, Any]) -> Run:
    """Write the run down and queue its job, both or neither."""
    return runs.start(redis, queue, run_job, kind, asked)


def run_job(id: str) -> None:
    """What the worker does."""
    phone = callbacks.get_gateway()
    run = runs.load(phone.redis, id)
    if run is not None and run.is_open:
        execute_run(phone.settings, phone.redis, run)


def execute_run(settings: Settings, redis: Any, run: Run) -> None:
    """Carry it out, and say so whatever happens."""

    def work(log: RunWriter) -> str:
        log.clear()
        return RUNNERS[run.kind](settings, redis, log)

    runs.execute(redis, run, work)


def _replay(settings: Settings, redis: Any, log: RunWriter) -> str:
    wanted = ReplayRequest(**log.run.options | {"ids": tuple(log.run.options.get("ids", ()))})
    chosen = replay.select(redis, wanted)
    log.set_total(len(chosen))
    return _log_outcomes(log, replay.replay(settings, chosen, wanted, log.run.id))


def _find_missing(settings: Settings, redis: Any, log: RunWriter) -> str:
    found = _missing_report(settings, redis, log)
    for one in found.missing[: runs.MAX_OUTCOMES]:
        log.add_outcome(Outcome(one.line, "waiting", 0, 0.0, "never came", one.at))
    return found.summarize()


def _backfill(settings: Settings, redis: Any, log: RunWriter) -> str:
    found = _missing_report(settings, redis, log)
    return f"{found.summarize()} {_log_outcomes(log, backfill.backfill(settings, found.missing, log.run.id))}"


def _missing_report(settings: Settings, redis: Any, log: RunWriter) -> backfill.MissingReport:
    asked = log.run.options
    found = backfill.find_missing(
        redis, backfill.provider_logs(settings, redis), asked["since"], asked["until"], log.set_message
    )
    for name, trouble in found.failed_logs.items():
        log.add_outcome(Outcome(name, "failed", 0, 0.0, trouble))
    log.set_total(log.run.done + len(found.missing))
    return found


def _log_outcomes(log: RunWriter, outcomes: Iterable[Outcome]) -> str:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        log.add_outcome(outcome)
        counts[outcome.state] += 1
    return (
        ", ".join(f"{counts[state]} {words}" for state, words in STATE_LABELS.items() if counts[state])
        or "Nothing to do."
    )


RUNNERS: dict[str, Callable[[Settings, Any, RunWriter], str]] = {
    runs.REPLAY: _replay,
    runs.FIND_MISSING: _find_missing,
    runs.BACKFILL: _backfill,
}
