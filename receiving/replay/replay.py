"""Replay: a stored request once more through our own door, signed anew or as it came."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from config import Settings
from receiving import inbox, providers, replay_marker, twilio
from receiving.delivery import Delivery
from receiving.provider_event import one_line
from receiving.replay import loopback_client
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed, LoopbackResponse
from workers.runs import Outcome

MAX_REQUESTS_PER_RUN = 500  # requests of one run
MAX_CONSECUTIVE_FAILURES = 3  # in a row that nobody answered
TWILIO_SOURCES = ("sms", "voice")


class CannotReplay(Exception):
    """This request cannot go out again; the message says why, and what can be done."""


@dataclass(frozen=True)
class ReplayRequest:
    """What to replay: these ids or, without any, what came in a time (seconds since 1970) by a channel ("" is all).

    `source` is `sms`, `voice`, `twilio` for both, or a provider's name. `anew` signs with our secret and today's time;
    otherwise the headers go out as they came, credentials and a secret in the path excepted: those are not kept.
    `again` has the work done once more, also when it was done before.
    """

    ids: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    source: str = ""
    anew: bool = True
    again: bool = False

    def fits(self, delivery: Delivery) -> bool:
        """Whether it came by this channel; what was itself a replay is not replayed with a range."""
        came_by = inbox.source_of(delivery)
        theirs = self.source in ("", came_by) or (self.source == "twilio" and came_by in TWILIO_SOURCES)
        return theirs and replay_marker.replay_mode(delivery) in ("", replay_marker.BACKFILLED)


StoredRequests = list[tuple[str, Delivery | None]]
"""Ids and what came under them; None for what is not kept, or not whole."""


def select(redis: Any, wanted: ReplayRequest) -> StoredRequests:
    """The stored requests to replay, oldest first."""
    if wanted.ids:
        return [(id, inbox.find(redis, id)) for id in wanted.ids[:MAX_REQUESTS_PER_RUN]]
    found = inbox.list_between(redis, wanted.since, wanted.until or time.time())
    chosen = ((id, delivery if whole else None) for id, delivery, whole in found if wanted.fits(delivery))
    return [one for one, _ in zip(chosen, range(MAX_REQUESTS_PER_RUN), strict=False)]


def replay(
    settings: Settings, chosen: list[tuple[str, Delivery | None]], wanted: ReplayRequest, run: str
) -> Iterator[Outcome]:
    """Each in turn through the door. Ends early, with an outcome that says so, when nobody opens it."""
    silent = 0
    with LoopbackClient(settings) as way:
        for number, (id, delivery) in enumerate(chosen, 1):
            outcome = _replay_one(way, settings, id, delivery, wanted, run)
            yield outcome
            silent = silent + 1 if outcome.status == 0 and delivery else 0
            if silent == MAX_CONSECUTIVE_FAILURES and number < len(chosen):
                left = f"{len(chosen) - number} more were not tried"
                yield Outcome(left, "failed", 0, 0.0, f"{MAX_CONSECUTIVE_FAILURES} in a row got no answer")
                return


def _replay_one(
    way: LoopbackClient, settings: Settings, id: str, delivery: Delivery | None, wanted: ReplayRequest, run: str
) -> Outcome:
    if delivery is None:
        return Outcome(id, "failed", 0, 0.0, f"{id} is not in the inbox any more, or too large to be kept whole")
    what = f"{delivery.method} {delivery.redacted_path}"
    try:
        ready = prepare(delivery, settings, anew=wanted.anew)
        kind = replay_marker.FORCED if wanted.again else replay_marker.REPLAYED
        answer = way.send(replay_marker.add_mark(ready, kind, run, settings.secret_key), as_it_came=not wanted.anew)
    except (CannotReplay, LoopbackFailed) as trouble:
        return Outcome(what, "failed", 0, 0.0, str(trouble), delivery.received_at)
    return to_outcome(what, answer, delivery.received_at)


def to_outcome(what: str, answer: LoopbackResponse, at: float) -> Outcome:
    """The door's answer in words for people."""
    said = one_line(answer.body)
    if answer.status >= 400:
        return Outcome(what, "failed", answer.status, answer.seconds, said or "turned away", at)
    if answer.replay_result == replay_marker.REPEATED:
        words = "it was done before: the stored reply, nothing new"
        return Outcome(what, "skipped", answer.status, answer.seconds, words, at)
    words = "done" if answer.replay_result == replay_marker.DONE else "answered, but not by a door of ours"
    return Outcome(what, "success" if answer.replay_result else "failed", answer.status, answer.seconds, words, at)


def prepare(delivery: Delivery, settings: Settings, *, anew: bool) -> Delivery:
    """The delivery as it goes out, addressed to where the world reaches us now. Raises CannotReplay."""
    hidden = delivery.path.endswith("/…")
    here = replace(delivery, url=loopback_client.origin(settings) + delivery.target)
    if not anew:
        if hidden:
            raise CannotReplay("Its address held a secret, which is not kept: have it signed anew.")
        return here
    if hidden:
        here = replace(here, url=here.url.replace("/…", "", 1))
    return sign(replace(here, received_at=time.time()), settings)


def sign(delivery: Delivery, settings: Settings) -> Delivery:
    """Signed as its sender would sign it now, with our secret. Raises CannotReplay when that is not possible."""
    name = inbox.source_of(delivery)
    if name in TWILIO_SOURCES:
        return twilio.sign_delivery(delivery, settings)
    secrets = settings.webhook_secrets.get(name)
    provider = providers.load().get(name)
    if provider is None or not secrets:
        raise CannotReplay(f"{name.upper()}_WEBHOOK_SECRET is not set, so /webhooks/{name} does not exist.")
    try:
        return provider.sign(delivery, secrets)
    except ValueError as trouble:  # a public key checks signatures, and makes none
        raise CannotReplay(f"{trouble}.") from trouble
