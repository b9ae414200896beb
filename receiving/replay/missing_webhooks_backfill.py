"""Finds webhooks that Twilio and GitHub sent but the app did not receive, and submits them to its own public URL."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from config import Settings
from masking import alias
from receiving import replay_marker, stored_requests
from receiving.event_summaries import pluralize
from receiving.replay import loopback_client, replay, twilio_log
from receiving.replay.github_log import GitHubHook
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed
from receiving.replay.provider_log_entry import LogEntry, RedeliveryRequested, Sleep, dedup_key
from receiving.replay.replay import CannotReplay
from sending.http.retry import GaveUp
from sending.twilio.gateway import TwilioGateway
from store import Store, erasure
from workers.job_progress import Outcome

MAX_WEBHOOKS_PER_RUN = 200
MAX_WINDOW_SECONDS = 3 * 24 * 3600  # neither the inbox nor GitHub's log goes back further
MIN_AGE_SECONDS = 20  # Twilio waits up to 15 s for a response, so a younger webhook may still be in progress
CLOCK_SKEW_SECONDS = 120  # the inbox is read starting this much earlier, because clocks differ

Progress = Callable[[str], object]
"""Receives human-readable progress messages."""

ProviderLog = Callable[[float, float], Iterator[LogEntry]]
"""Yields the webhooks that a provider sent between two Unix timestamps. Raises GaveUp."""


@dataclass
class MissingReport:
    """The difference between the providers' logs and the inbox.

    `listed` counts the entries in each log; `missing` contains those not in the inbox, oldest first. `too_recent`
    counts entries left out because they may still be in flight. `failed_logs` maps each unreadable log to the reason.
    """

    listed: dict[str, int] = field(default_factory=dict)
    missing: list[LogEntry] = field(default_factory=list)
    too_recent: int = 0
    failed_logs: dict[str, str] = field(default_factory=dict)

    def summarize(self) -> str:
        """`12 texts, 3 calls and 0 GitHub events were sent; 2 of them are not in our inbox.`"""
        *first, last = [pluralize(count, name) for name, count in self.listed.items()] or ["nothing"]
        listed = f"{', '.join(first)} and {last}" if first else last
        count = len(self.missing)
        missing = f"{count} of them {'is' if count == 1 else 'are'} not in our inbox" if count else "all were received"
        recent = f" {self.too_recent} left out: they may still be in flight." if self.too_recent else ""
        return f"{listed} were sent; {missing}.{recent}"


def provider_logs(settings: Settings, redis: Store, sleep: Sleep = time.sleep) -> dict[str, ProviderLog]:
    """Return the logs that can be read, keyed by the singular noun for their entries. GitHub's log is optional."""
    gateway = TwilioGateway(settings, redis)
    logs: dict[str, ProviderLog] = {
        "text": lambda since, until: twilio_log.list_texts(gateway, since, until, sleep),
        "call": lambda since, until: twilio_log.list_calls(gateway, since, until, sleep),
    }
    if is_github_configured(settings):
        logs["GitHub event"] = GitHubHook(settings, sleep).list_sent
    return {name: _without_erased(log, settings, redis) for name, log in logs.items()}


def _without_erased(log: ProviderLog, settings: Settings, redis: Store) -> ProviderLog:
    """Return the log without the webhooks of people who have since asked to be forgotten."""

    def list_sent(since: float, until: float) -> Iterator[LogEntry]:
        forgotten = erasure.read_forgotten(redis)
        for entry in log(since, until):
            number = entry.address.rpartition(":")[2]
            if all(entry.sent_at > forgotten.get(alias(number, secret), 0.0) for secret in settings.secret_key):
                yield entry

    return list_sent


def is_github_configured(settings: Settings) -> bool:
    """Return whether all settings that GitHub's log requires are set."""
    return bool(settings.github_hook_url and settings.github_token and settings.webhook_secrets.get("github"))


def find_missing(
    redis: Store, logs: dict[str, ProviderLog], since: float, until: float, report_progress: Progress
) -> MissingReport:
    """Compare these logs with the inbox, going back at most three days and never beyond the last purge.

    If a log fails, the others are still compared.
    """
    report, now = MissingReport(), time.time()
    since = max(since, now - MAX_WINDOW_SECONDS, erasure.read_purged_at(redis))
    sent: list[LogEntry] = []
    for name, list_sent in logs.items():
        report_progress(f"reading the log of {name}s")
        report.listed[name] = 0
        try:
            for entry in list_sent(since, min(until, now)):
                if entry.sent_at < int(since):  # a log's times are whole seconds
                    continue
                report.listed[name] += 1
                sent.append(entry)
        except GaveUp as error:
            report.failed_logs[f"{name}s"] = str(error)
    report_progress("comparing with the inbox")
    received = {
        dedup_key(entry.delivery)
        for entry in stored_requests.list_between(redis, since - CLOCK_SKEW_SECONDS, time.time())
    }
    missing = [entry for entry in sent if entry.key not in received]
    report.too_recent = sum(entry.sent_at > now - MIN_AGE_SECONDS for entry in missing)
    old_enough = (entry for entry in missing if entry.sent_at <= now - MIN_AGE_SECONDS)
    report.missing = sorted(old_enough, key=lambda entry: entry.sent_at)
    return report


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
