"""The RQ jobs for replay and backfill. Idempotent: webhooks are claimed, and a restarted run clears its outcomes."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from rq import Queue

from config import Settings
from receiving.replay import missing_webhooks_backfill, replay
from receiving.replay.replay import ReplayRequest
from store import Store
from workers import answer_delivery, job_progress
from workers.job_progress import Outcome, Run, RunWriter

STATE_LABELS = {"success": "done", "skipped": "already processed", "waiting": "requested again", "failed": "failed"}


def enqueue_run(redis: Store, queue: Queue, kind: str, options: dict[str, Any]) -> Run:
    """Store a run and queue its job in one transaction. `options` are a ReplayRequest's fields, or since and until."""
    return job_progress.start(redis, queue, run_job, kind, options)


def run_job(id: str) -> None:
    """The RQ job: execute the run with this id, unless it has expired or finished."""
    gateway = answer_delivery.get_gateway()
    run = job_progress.load(gateway.redis, id)
    if run is not None and run.is_open:
        execute_run(gateway.settings, gateway.redis, run)


def execute_run(settings: Settings, redis: Store, run: Run) -> None:
    """Execute the run and record its result, even if it fails."""

    def execute(log: RunWriter) -> str:
        log.clear()
        return RUNNERS[run.kind](settings, redis, log)

    job_progress.execute(redis, run, execute)


def _replay(settings: Settings, redis: Store, log: RunWriter) -> str:
    request = ReplayRequest(**log.run.options | {"ids": tuple(log.run.options.get("ids", ()))})
    stored = replay.select(redis, request)
    log.set_total(len(stored))
    return _log_outcomes(log, replay.replay(settings, stored, request, log.run.id))


def _find_missing(settings: Settings, redis: Store, log: RunWriter) -> str:
    report = _missing_report(settings, redis, log)
    for entry in report.missing[: job_progress.MAX_OUTCOMES]:
        log.add_outcome(Outcome(entry.summary, "waiting", 0, 0.0, "not received", entry.sent_at))
    return report.summarize()


def _backfill(settings: Settings, redis: Store, log: RunWriter) -> str:
    report = _missing_report(settings, redis, log)
    outcomes = missing_webhooks_backfill.backfill(settings, report.missing, log.run.id)
    return f"{report.summarize()} {_log_outcomes(log, outcomes)}"


def _missing_report(settings: Settings, redis: Store, log: RunWriter) -> missing_webhooks_backfill.MissingReport:
    since, until = log.run.options["since"], log.run.options["until"]
    report = missing_webhooks_backfill.find_missing(
        redis, missing_webhooks_backfill.provider_logs(settings, redis), since, until, log.set_message
    )
    for name, reason in report.failed_logs.items():
        log.add_outcome(Outcome(name, "failed", 0, 0.0, reason))
    log.set_total(log.run.done + len(report.missing))
    return report


def _log_outcomes(log: RunWriter, outcomes: Iterable[Outcome]) -> str:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        log.add_outcome(outcome)
        counts[outcome.state] += 1
    labels = [f"{counts[state]} {label}" for state, label in STATE_LABELS.items() if counts[state]]
    return ", ".join(labels) or "Nothing to do."


RUNNERS: dict[str, Callable[[Settings, Store, RunWriter], str]] = {
    job_progress.REPLAY: _replay,
    job_progress.FIND_MISSING: _find_missing,
    job_progress.BACKFILL: _backfill,
}
