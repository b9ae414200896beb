"""What did I miss: what Twilio and GitHub say they sent, less what is in our inbox, brought through our own door."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from config import Settings
from receiving import inbox, replay_marker
from receiving.provider_event import pluralize
from receiving.replay import loopback_client, replay, twilio_log
from receiving.replay.github_log import GitHubHook
from receiving.replay.log_entry import LogEntry, RedeliveryRequested, dedup_key
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed
from receiving.replay.replay import CannotReplay
from sending.http.retry import GaveUp
from sending.twilio import TwilioGateway
from workers.runs import Outcome

MAX_WINDOW_SECONDS = 3 * 24 * 3600  # seconds of a window: no inbox and no list of GitHub's reaches further
MIN_AGE_SECONDS = 20  # seconds. A webhook may still be on its way: Twilio tries for 15, and then we would both answer
CLOCK_SKEW_SECONDS = 120  # seconds of inbox before the window: clocks differ
MAX_WEBHOOKS_PER_RUN = 200  # brought in one run

Progress = Callable[[str], object]
"""Hears in words how far the asking is."""

ProviderLog = Callable[[float, float], Iterator[LogEntry]]
"""What one provider says it sent between two moments (seconds since 1970). Raises GaveUp."""


@dataclass
class MissingReport:
    """What `look` found: how many each list names, what is not in our inbox (oldest first), and what was not told."""

    listed: dict[str, int] = field(default_factory=dict)
    missing: list[LogEntry] = field(default_factory=list)
    too_recent: int = 0
    failed_logs: dict[str, str] = field(default_factory=dict)

    def summarize(self) -> str:
        """`12 texts, 3 calls and 0 GitHub events were sent; 2 of them are not in our inbox.`"""
        *first, last = [pluralize(count, name) for name, count in self.listed.items()] or ["nothing"]
        named = f"{', '.join(first)} and {last}" if first else last
        count = len(self.missing)
        missing = f"{count} of them {'is' if count == 1 else 'are'} not in our inbox" if count else "all came"
        young = f" {self.too_recent} left out: so new that they may still be on their way." if self.too_recent else ""
        return f"{named} were sent; {missing}.{young}"


def provider_logs(
    settings: Settings, redis: Any, sleep: Callable[[float], object] = time.sleep
) -> dict[str, ProviderLog]:
    """Whom we can ask, by the name for people. GitHub is among them once its two settings and its secret are set."""
    phone = TwilioGateway(settings, redis)
    found: dict[str, ProviderLog] = {
        "text": lambda since, until: twilio_log.list_texts(phone, since, until, sleep),
        "call": lambda since, until: twilio_log.list_calls(phone, since, until, sleep),
    }
    if is_github_configured(settings):
        found["GitHub event"] = GitHubHook(settings, sleep).sent
    return found


def is_github_configured(settings: Settings) -> bool:
    """Whether all is set that GitHub's part needs."""
    return bool(settings.github_hook_url and settings.github_token and settings.webhook_secrets.get("github"))


def find_missing(
    redis: Any, asked: dict[str, ProviderLog], since: float, until: float, tell: Progress
) -> MissingReport:
    """Ask each list for this window, which is cut to three days. One that does not tell does not stop the others."""
    found = MissingReport()
    since, now = max(since, time.time() - MAX_WINDOW_SECONDS), time.time()
    sent: list[LogEntry] = []
    for name, ask in asked.items():
        tell(f"asking for every {name}")
        found.listed[name] = 0
        try:
            for one in ask(since, min(until, now)):
                found.listed[name] += 1
                sent.append(one)
        except GaveUp as trouble:
            found.failed_logs[f"{name}s"] = str(trouble)
    tell("comparing with the inbox")
    came = {
        dedup_key(delivery) for _, delivery, _ in inbox.list_between(redis, since - CLOCK_SKEW_SECONDS, time.time())
    }
    missing = [one for one in sent if one.key not in came]
    found.too_recent = sum(one.at > now - MIN_AGE_SECONDS for one in missing)
    found.missing = sorted((one for one in missing if one.at <= now - MIN_AGE_SECONDS), key=lambda one: one.at)
    return found


def backfill(settings: Settings, missing: list[LogEntry], run: str) -> Iterator[Outcome]:
    """Bring each through the door, signed with our secret and marked as healed. What came meanwhile is left alone."""
    with LoopbackClient(settings) as way:
        for one in missing[:MAX_WEBHOOKS_PER_RUN]:
            yield _submit(way, settings, one, run)
    if len(missing) > MAX_WEBHOOKS_PER_RUN:
        yield Outcome(
            f"{len(missing) - MAX_WEBHOOKS_PER_RUN} more",
            "failed",
            0,
            0.0,
            f"{MAX_WEBHOOKS_PER_RUN} go in one run: start another",
        )


def _submit(way: LoopbackClient, settings: Settings, one: LogEntry, run: str) -> Outcome:
    try:
        delivery = one.fetch()
        here = replace(delivery, url=loopback_client.origin(settings) + delivery.url, received_at=time.time())
        answer = way.send(
            replay_marker.add_mark(replay.sign(here, settings), replay_marker.BACKFILLED, run, settings.secret_key)
        )
    except RedeliveryRequested as later:
        return Outcome(one.line, "waiting", 202, 0.0, str(later), one.at)
    except (GaveUp, CannotReplay, LoopbackFailed) as trouble:
        return Outcome(one.line, "failed", 0, 0.0, str(trouble), one.at)
    return replay.to_outcome(one.line, answer, one.at)
