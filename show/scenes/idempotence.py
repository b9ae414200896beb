"""The `idempotence` scene: f(f(x)) = f(x). The last webhook is delivered ten more times and changes nothing."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import context
from config import Settings
from receiving import replay_marker, stored_requests
from receiving.delivery import Delivery
from receiving.replay import replay
from receiving.replay.loopback_client import LoopbackClient, LoopbackFailed
from receiving.replay.replay import CannotReplay
from show import show_state
from show.base_scene import TTL_SECONDS, Scene, SceneError, SceneView
from show.lanes.content import is_hidden_at_first, make_lane
from store import Store

COPIES = 10
SEARCHED_REQUESTS = 200
PATHS = ("/sms", "/voice")


@dataclass(frozen=True)
class CopyResult:
    """The response to one copy. `digest` is the start of the SHA-256 of its body; `had_effect` must be False."""

    status: int
    digest: str
    had_effect: bool
    seconds: float


@dataclass(frozen=True)
class Idempotence(Scene):
    """Delivers the last webhook ten more times. Beside it, shows what an app without deduplication would have sent."""

    kind: ClassVar[str] = "idempotence"
    actions: ClassVar[Mapping[str, str]] = {"send-again": "Send again, ten times"}

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The copies as they are delivered, and whether all responses were the same, byte for byte."""
        sid, results = self._load(view.store)
        entry = next((entry for entry in view.entries if entry.id == sid), None)
        effects = 1 + sum(result.had_effect for result in results)
        digests = {result.digest for result in results}
        return {
            "copies": COPIES,
            "lane": make_lane(entry, 0, is_hidden_until_approved=is_hidden_at_first(entry, view)) if entry else None,
            "results": results,
            "effects": effects,
            "digest": next(iter(digests), ""),
            "are_equal": len(digests) == 1 and all(result.status == 200 for result in results),
            "is_idempotent": effects == 1,
            "is_done": len(results) == COPIES,
        }

    def footer(self, view: SceneView) -> str:
        """How long the copies took."""
        _, results = self._load(view.store)
        slowest = max((result.seconds for result in results), default=0)
        return f"{len(results)} of {COPIES} · the slowest took {slowest * 1000:.0f} ms" if results else ""

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of copies, and how many effects the webhook has had."""
        _, results = self._load(view.store)
        return {"copies": len(results), "effects": 1 + sum(result.had_effect for result in results)}

    def perform(self, store: Store, action: str, item: str) -> None:
        """Deliver the copies through our own endpoint, and store each result at once, so that the stage shows it."""
        delivery = find_last(store)
        if delivery is None:
            raise SceneError("No text or call has come yet. Text the number first.")
        rows = [json.dumps(delivery["MessageSid"] or delivery["CallSid"])]
        self._save(store, rows)
        try:
            for result in deliver_copies(context.settings(), delivery, COPIES):
                rows.append(json.dumps(asdict(result)))
                self._save(store, rows)
        except (LoopbackFailed, CannotReplay) as error:
            raise SceneError(f"The copies could not be delivered: {error}") from error

    def _save(self, store: Store, rows: list[str]) -> None:
        """Replace all rows, because the button may have been pressed twice: two runs must not add up."""
        pipe = store.pipeline()
        pipe.execute_command("DEL", self.key("copies"))
        pipe.execute_command("RPUSH", self.key("copies"), *rows)
        pipe.execute_command("EXPIRE", self.key("copies"), TTL_SECONDS)
        show_state.announce(pipe)
        pipe.execute()

    def storage_keys(self) -> list[str]:
        """The sid of the webhook, and the result of each copy."""
        return [self.key("copies")]

    def _load(self, store: Store) -> tuple[str, list[CopyResult]]:
        sid, *rows = [json.loads(row) for row in store.lrange(self.key("copies"), 0, -1)] or [""]
        return str(sid), [CopyResult(**row) for row in rows]


def find_last(redis: Store) -> Delivery | None:
    """Return the newest text or call that Twilio itself has delivered, or None."""
    entries = stored_requests.latest(redis, SEARCHED_REQUESTS)
    found = (entry.delivery for entry in entries if entry.is_whole and not entry.delivery.replay_mark)
    return next((delivery for delivery in found if delivery.path in PATHS), None)


def deliver_copies(settings: Settings, delivery: Delivery, count: int) -> Iterator[CopyResult]:
    """Deliver this many copies and yield the result of each. Raises LoopbackFailed or CannotReplay."""
    run = secrets.token_hex(8)
    with LoopbackClient(settings) as client:
        for _ in range(count):
            prepared = replay.prepare(delivery, settings, resign=True)
            marked = replay_marker.add_mark(prepared, replay_marker.REPLAYED, run, settings.secret_key)
            response = client.send(marked)
            had_effect = response.replay_result != replay_marker.DUPLICATE
            yield CopyResult(response.status, _digest_of(response.body), had_effect, response.seconds)


def _digest_of(body: str) -> str:
    """Return the start of the SHA-256 of a response."""
    return hashlib.sha256(body.encode()).hexdigest()[:12]
