"""What did I miss: what Twilio and GitHub say they sent, less what is in our inbox, brought through our own door."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from config import Settings
from receiving import inbox, replay_marker
from receiving.provider_event import several
from receiving.replay import loopback_client, replay, twilio_log
from receiving.replay.github_log import Hook
from receiving.replay.log_entry import AskedAgain, Sent, key_of
from receiving.replay.loopback_client import NobodyAnswers, Road
from receiving.replay.replay import CannotReplay
from sending.http.retry import Unanswered
from sending.twilio import Telephone
from workers.runs import Outcome

LONGEST = 3 * 24 * 3600  # seconds of a window: no inbox and no list of GitHub's reaches further
YOUNG = 20  # seconds. A webhook may still be on its way: Twilio tries for 15, and then we would both answer
EARLY = 120  # seconds of inbox before the window: clocks differ
MOST = 200  # brought in one run

Progress = Callable[[str], object]
"""Hears in words how far the asking is."""

List = Callable[[float, float], Iterator[Sent]]
"""What one provider says it sent between two moments (seconds since 1970). Raises Unanswered."""


@dataclass
class Difference:
    """What `look` found: how many each list names, what is not in our inbox (oldest first), and what was not told."""

    listed: dict[str, int] = field(default_factory=dict)
    missing: list[Sent] = field(default_factory=list)
    young: int = 0
    untold: dict[str, str] = field(default_factory=dict)

    def in_words(self) -> str:
        """`12 texts, 3 calls and 0 GitHub events were sent; 2 of them are not in our inbox.`"""
        *first, last = [several(count, name) for name, count in self.listed.items()] or ["nothing"]
        named = f"{', '.join(first)} and {last}" if first else last
        count = len(self.missing)
        missing = f"{count} of them {'is' if count == 1 else 'are'} not in our inbox" if count else "all came"
        young = f" {self.young} left out: so new that they may still be on their way." if self.young else ""
        return f"{named} were sent; {missing}.{young}"


def lists(settings: Settings, redis: Any, sleep: Callable[[float], object] = time.sleep) -> dict[str, List]:
    """Whom we can ask, by the name for people. GitHub is among them once its two settings and its secret are set."""
    phone = Telephone(settings, redis)
    found: dict[str, List] = {
        "text": lambda since, until: twilio_log.texts(phone, since, until, sleep),
        "call": lambda since, until: twilio_log.calls(phone, since, until, sleep),
    }
    if asks_github(settings):
        found["GitHub event"] = Hook(settings, sleep).sent
    return found


def asks_github(settings: Settings) -> bool:
    """Whether all is set that GitHub's part needs."""
    return bool(settings.github_hook_url and settings.github_token and settings.webhook_secrets.get("github"))


def look(redis: Any, asked: dict[str, List], since: float, until: float, tell: Progress) -> Difference:
    """Ask each list for this window, which is cut to three days. One that does not tell does not stop the others."""
    found = Difference()
    since, now = max(since, time.time() - LONGEST), time.time()
    sent: list[Sent] = []
    for name, ask in asked.items():
        tell(f"asking for every {name}")
        found.listed[name] = 0
        try:
            for one in ask(since, min(until, now)):
                found.listed[name] += 1
                sent.append(one)
        except Unanswered as trouble:
            found.untold[f"{name}s"] = str(trouble)
    tell("comparing with the inbox")
    came = {key_of(delivery) for _, delivery, _ in inbox.between(redis, since - EARLY, time.time())}
    missing = [one for one in sent if one.key not in came]
    found.young = sum(one.at > now - YOUNG for one in missing)
    found.missing = sorted((one for one in missing if one.at <= now - YOUNG), key=lambda one: one.at)
    return found


def heal(settings: Settings, missing: list[Sent], run: str) -> Iterator[Outcome]:
    """Bring each through the door, signed with our secret and marked as healed. What came meanwhile is left alone."""
    with Road(settings) as way:
        for one in missing[:MOST]:
            yield _bring(way, settings, one, run)
    if len(missing) > MOST:
        yield Outcome(f"{len(missing) - MOST} more", "failed", 0, 0.0, f"{MOST} go in one run: start another")


def _bring(way: Road, settings: Settings, one: Sent, run: str) -> Outcome:
    try:
        delivery = one.fetch()
        here = replace(delivery, url=loopback_client.origin(settings) + delivery.url, received_at=time.time())
        answer = way.send(
            replay_marker.mark(replay.sign(here, settings), replay_marker.HEALED, run, settings.secret_key)
        )
    except AskedAgain as later:
        return Outcome(one.line, "waiting", 202, 0.0, str(later), one.at)
    except (Unanswered, CannotReplay, NobodyAnswers) as trouble:
        return Outcome(one.line, "failed", 0, 0.0, str(trouble), one.at)
    return replay.told(one.line, answer, one.at)
