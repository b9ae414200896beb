"""The job that resends the failed webhooks of one endpoint. Svix calls this operation "recover"."""

import secrets
import time

from redis import Redis
from rq import Queue, get_current_job

from sending.webhooks import redelivery
from workers import job_progress
from workers.job_progress import Run, RunFailed, RunWriter

JOB_TIMEOUT_SECONDS = 600


def start(redis: Redis, queue: Queue, endpoint_id: str, since: float, now: float | None = None) -> Run:
    """Enqueue a run that resends what failed between `since` and `now` (Unix timestamps)."""
    options = {"endpoint": endpoint_id, "since": since, "until": now or time.time()}
    id = f"rec_{secrets.token_hex(8)}"
    return job_progress.start(
        redis, queue, redeliver, job_progress.REDELIVERY, options, id=id, timeout=JOB_TIMEOUT_SECONDS, listed=False
    )


def redeliver(id: str) -> None:
    """The job: resend everything that the run with this id covers."""
    redis = get_current_job().connection  # type: ignore[union-attr]
    run = job_progress.load(redis, id)
    if run is not None and run.is_open:
        execute(redis, run)


def execute(redis: Redis, run: Run) -> None:
    """Resend the failed messages. The count includes those resent by an earlier attempt, which are not found again."""

    def work(writer: RunWriter) -> str:
        endpoint_id, since, until = (run.options[name] for name in ("endpoint", "since", "until"))
        try:
            for done, total in redelivery.recover(redis, endpoint_id, since, until):
                writer.set_progress(run.done + done, run.done + total)
        except redelivery.EndpointDisabled as error:
            raise RunFailed(str(error)) from None
        return ""

    job_progress.execute(redis, run, work)
