"""Backfill: submits webhooks that the app did not receive to its own public URL."""

import time
from collections.abc import Iterator
from dataclasses import replace

from config import Settings
from receiving import replay_marker
from receiving.replay import loopback_client, replay
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed
from receiving.replay.provider_log_entry import LogEntry, RedeliveryRequested
from receiving.replay.replay import CannotReplay
from sending.http.retry import GaveUp
from workers.job_progress import Outcome

MAX_WEBHOOKS_PER_RUN = 200


def backfill(settings: Settings, missing: list[LogEntry], run: str) -> Iterator[Outcome]:
    """Submit each missing webhook, signed with our secret and marked as backfilled, and yield its outcome.

    A webhook that has arrived in the meantime counts as a duplicate and has no effect.
    """
    with LoopbackClient(settings) as client:
        for entry in missing[:MAX_WEBHOOKS_PER_RUN]:
            yield _submit(client, settings, entry, run)
    if len(missing) > MAX_WEBHOOKS_PER_RUN:
        skipped = f"{len(missing) - MAX_WEBHOOKS_PER_RUN} more"
        yield Outcome(skipped, "failed", 0, 0.0, f"a run submits at most {MAX_WEBHOOKS_PER_RUN}: start another")


def _submit(client: LoopbackClient, settings: Settings, entry: LogEntry, run: str) -> Outcome:
    try:
        delivery = entry.fetch()
        url = loopback_client.origin(settings) + delivery.url
        signed = replay.sign(replace(delivery, url=url, received_at=time.time()), settings)
        response = client.send(replay_marker.add_mark(signed, replay_marker.BACKFILLED, run, settings.secret_key))
    except RedeliveryRequested as requested:
        return Outcome(entry.summary, "waiting", 202, 0.0, str(requested), entry.sent_at)
    except (GaveUp, CannotReplay, LoopbackFailed) as error:
        return Outcome(entry.summary, "failed", 0, 0.0, str(error), entry.sent_at)
    return replay.to_outcome(entry.summary, response, entry.sent_at)
