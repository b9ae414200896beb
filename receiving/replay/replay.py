"""Replays stored requests through the app's own public URL, with a new signature or the original one."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from config import Settings
from receiving import providers, replay_marker, stored_requests, twilio_signature
from receiving.delivery import Delivery
from receiving.event_summaries import one_line
from receiving.replay import loopback_client
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed, LoopbackResponse
from store import Store
from workers.job_progress import Outcome

MAX_REQUESTS_PER_RUN = 500
MAX_CONSECUTIVE_FAILURES = 3  # without a response; after that, the run stops
TWILIO_SOURCES = ("sms", "voice")


class CannotReplay(Exception):
    """This request cannot be replayed. The message gives the reason and the fix."""


@dataclass(frozen=True)
class ReplayRequest:
    """The requests to replay: those with these ids or, without ids, those received from a source between two times.

    Times are Unix timestamps; an `until` of 0.0 means now. `source` is `sms`, `voice`, `twilio` (for both), the name of
    a provider, or "" for all. `resign` re-signs each request with our secret; otherwise requests keep their original
    headers, except for credentials, which are not stored. `force` reprocesses requests that were processed before.
    """

    ids: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    source: str = ""
    resign: bool = True
    force: bool = False

    def matches(self, delivery: Delivery) -> bool:
        """Return whether a request is from this source. Backfilled requests match; replayed ones do not."""
        source = stored_requests.source_of(delivery)
        same = self.source in ("", source) or (self.source == "twilio" and source in TWILIO_SOURCES)
        return same and replay_marker.replay_mode(delivery) in ("", replay_marker.BACKFILLED)


StoredRequests = list[tuple[str, Delivery | None]]
"""Inbox ids and their requests; None for a request that is not stored in full."""


def select(redis: Store, request: ReplayRequest) -> StoredRequests:
    """Return at most MAX_REQUESTS_PER_RUN stored requests to replay, oldest first."""
    if request.ids:
        return [(id, stored_requests.find(redis, id)) for id in request.ids[:MAX_REQUESTS_PER_RUN]]
    found = stored_requests.list_between(redis, request.since, request.until or time.time())
    matching = ((id, delivery if whole else None) for id, delivery, whole in found if request.matches(delivery))
    return [row for row, _ in zip(matching, range(MAX_REQUESTS_PER_RUN), strict=False)]


def replay(settings: Settings, stored: StoredRequests, request: ReplayRequest, run: str) -> Iterator[Outcome]:
    """Replay these requests in order and yield their outcomes. `run` is the id of this run.

    If several requests in a row get no response, yields an outcome that says so and stops early.
    """
    failures = 0
    with LoopbackClient(settings) as client:
        for number, (id, delivery) in enumerate(stored, 1):
            outcome = _replay_one(client, settings, id, delivery, request, run)
            yield outcome
            failures = failures + 1 if outcome.status == 0 and delivery else 0
            if failures == MAX_CONSECUTIVE_FAILURES and number < len(stored):
                skipped = f"{len(stored) - number} more were skipped"
                yield Outcome(skipped, "failed", 0, 0.0, f"{MAX_CONSECUTIVE_FAILURES} in a row got no response")
                return


def _replay_one(
    client: LoopbackClient, settings: Settings, id: str, delivery: Delivery | None, request: ReplayRequest, run: str
) -> Outcome:
    if delivery is None:
        return Outcome(id, "failed", 0, 0.0, f"{id} is no longer in the inbox, or was too large to be stored in full")
    what = f"{delivery.method} {delivery.redacted_path}"
    mode = replay_marker.FORCED if request.force else replay_marker.REPLAYED
    try:
        prepared = prepare(delivery, settings, resign=request.resign)
        marked = replay_marker.add_mark(prepared, mode, run, settings.secret_key)
        response = client.send(marked, unmodified=not request.resign)
    except (CannotReplay, LoopbackFailed) as error:
        return Outcome(what, "failed", 0, 0.0, str(error), delivery.received_at)
    return to_outcome(what, response, delivery.received_at)


def to_outcome(what: str, response: LoopbackResponse, at: float) -> Outcome:
    """Convert the response to a replayed or backfilled request into a human-readable outcome."""

    def outcome(state: str, words: str) -> Outcome:
        return Outcome(what, state, response.status, response.seconds, words, at)

    if response.status >= 400:
        return outcome("failed", one_line(response.body) or "rejected")
    if response.replay_result == replay_marker.DUPLICATE:
        return outcome("skipped", "already processed: got the stored response")
    if response.replay_result == replay_marker.DONE:
        return outcome("success", "done")
    return outcome("failed", "got a response, but not from one of our webhook endpoints")


def prepare(delivery: Delivery, settings: Settings, *, resign: bool) -> Delivery:
    """Return the request, addressed to our current public URL and re-signed if `resign`. Raises CannotReplay."""
    has_secret_path = delivery.path.endswith("/…")
    addressed = replace(delivery, url=loopback_client.origin(settings) + delivery.target)
    if not resign:
        if has_secret_path:
            raise CannotReplay("Its path contained a secret, which is not stored: replay it with a new signature.")
        return addressed
    if has_secret_path:
        addressed = replace(addressed, url=addressed.url.replace("/…", "", 1))
    return sign(replace(addressed, received_at=time.time()), settings)


def sign(delivery: Delivery, settings: Settings) -> Delivery:
    """Return the request, signed with our secret as its sender would sign it. Raises CannotReplay."""
    name = stored_requests.source_of(delivery)
    if name in TWILIO_SOURCES:
        return twilio_signature.sign_delivery(delivery, settings)
    secrets = settings.webhook_secrets.get(name)
    provider = providers.load().get(name)
    if provider is None or not secrets:
        raise CannotReplay(f"{name.upper()}_WEBHOOK_SECRET is not set, so /webhooks/{name} does not exist.")
    try:
        return provider.sign(delivery, secrets)
    except ValueError as error:  # a public key can verify signatures but not create them
        raise CannotReplay(f"{error}.") from error
