"""The scene `wall`: what people have to say, newest large."""

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from show import moderation
from show.moderated_scene import ModeratedScene
from show.moderation import APPROVED
from show.scene import CLOSED, OPEN, Contribution, SceneView, length_problems
from store import Pipe, Store

SHOWN_ITEMS = 7  # one large, and six below it
PACED_ITEMS = 400  # enough for 20 a second without any of them leaving the screen too early
MIN_SECONDS_ON_STAGE = 2.5  # of the large item


@dataclass(frozen=True)
class Wall(ModeratedScene):
    """Shows texts, pictures and recorded messages once they are approved."""

    question: str = "Say something to everybody"

    kind: ClassVar[str] = "wall"
    redraw_seconds: ClassVar[float] = 1

    def problems(self) -> Iterator[str]:
        """The question must be readable."""
        yield from super().problems()
        yield from length_problems("question", self.question)

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store the text as an item."""
        item = self.make_item(contribution)
        if not item.words:
            return "Your text was empty. Please send some words."
        when = "once the presenter has approved it" if self.is_approval_required else "in a moment"
        return self.submit(store, pipe, item, f"Thank you. It will be on the wall {when}.")

    def spoken_choices(self) -> str:
        """Speech is free text."""
        return "Say something for the wall."

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The approved items, newest first; the first one stays at least MIN_SECONDS_ON_STAGE."""
        items = moderation.load_items(view.store, self.id, APPROVED, PACED_ITEMS, newest=True)
        skipped = count_waiting([item.state_since for item in items], time.time())
        shown = items[skipped : skipped + SHOWN_ITEMS]
        total = moderation.count_items(view.store, self.id, APPROVED)
        return {"items": shown, "more": total - len(shown), "is_open": view.phase == OPEN}

    def footer(self, view: SceneView) -> str:
        """The number of items on the wall."""
        return f"{moderation.count_items(view.store, self.id, APPROVED):,} on the wall · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of items per state."""
        return {state: moderation.count_items(view.store, self.id, state) for state in ("approved", "pending")}


def count_waiting(times: Sequence[float], now: float) -> int:
    """Return how many of the newest items have to wait until the large one has been seen.

    `times` are those of the items, newest first. An item becomes the large one when the previous one has been it for
    MIN_SECONDS_ON_STAGE; of those that arrive in the meantime, only the newest does.
    """
    oldest_first = [*reversed(times)]
    large, free_at = 0, oldest_first[0] + MIN_SECONDS_ON_STAGE if times else 0
    while large + 1 < len(times):
        following = max(large + 1, bisect_right(oldest_first, free_at) - 1)
        starts_at = max(free_at, oldest_first[following])
        if starts_at > now:
            return len(times) - 1 - large
        large, free_at = following, starts_at + MIN_SECONDS_ON_STAGE
    return 0
