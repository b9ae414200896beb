"""The `wall` scene: what people have to say, with the newest item large."""

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from answer_outcomes import DECLINED, NOT_UNDERSTOOD, AnswerText
from show import moderation
from show.base_scene import CLOSED, OPEN, Contribution, SceneView, length_problems
from show.moderated_scene import ModeratedScene
from show.moderation import APPROVED, Item
from store import Pipe, Store
from workers import recording_waveform

ITEMS_PER_ROW = 3  # below the large one
SHORT_CHARACTERS = 45  # one line of the large item, which leaves room for a second row
PACED_ITEMS = 400  # enough for 20 a second without any of them leaving the screen too early
RECORD_KEY = "1"
# The accepted content types, and the name of each format in Pillow.
PICTURE_FORMATS = {
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
NO_PICTURE = AnswerText(
    "I can show pictures in the formats JPEG, PNG, GIF and WebP. Please send one of those.", DECLINED
)
EMPTY = AnswerText("Your text was empty. Please send some words.", NOT_UNDERSTOOD)
MIN_SECONDS_ON_STAGE = 2.5  # of the large item


@dataclass(frozen=True)
class Wall(ModeratedScene):
    """Shows texts, pictures and recorded messages once they are approved."""

    question: str = "Say something to everybody"

    kind: ClassVar[str] = "wall"
    redraw_seconds: ClassVar[float] = 1
    takes_recordings: ClassVar[bool] = True

    def problems(self) -> Iterator[str]:
        """Check that the question can be read on the stage."""
        yield from super().problems()
        yield from length_problems("question", self.question)

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store as an item either the text, with the first displayable picture, or the recorded message."""
        kind, path = find_media(contribution)
        item = self.make_item(contribution, kind, path)
        if not item.words and not path:
            return NO_PICTURE if contribution.media else EMPTY
        when = "once the presenter has approved it" if self.is_approval_required else "in a moment"
        return self.submit(store, pipe, item, f"Thank you. It will be on the wall {when}.")

    def spoken_choices(self) -> str:
        """Speech is free text; one key records a message."""
        return f"Say something for the wall, or press {RECORD_KEY} to record a message."

    def step_for_key(self, digits: str) -> str:
        """One key records a message."""
        return "record" if digits == RECORD_KEY else ""

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The approved items, newest first; the first one stays at least MIN_SECONDS_ON_STAGE."""
        items = moderation.load_items(view.store, self.id, APPROVED, PACED_ITEMS, newest=True)
        skipped = count_waiting([item.state_since for item in items], time.time())
        shown = items[skipped : skipped + 1 + count_small(items[skipped : skipped + 1])]
        total = moderation.count_items(view.store, self.id, APPROVED)
        waveforms = {
            item.id: recording_waveform.load(view.store, item.media_sid) for item in shown if item.kind == "message"
        }
        return {"items": shown, "waveforms": waveforms, "more": total - len(shown), "is_open": view.phase == OPEN}

    def footer(self, view: SceneView) -> str:
        """The number of items on the wall."""
        return f"{moderation.count_items(view.store, self.id, APPROVED):,} on the wall · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of items per state."""
        return {state: moderation.count_items(view.store, self.id, state) for state in ("approved", "pending")}


def find_media(contribution: Contribution) -> tuple[str, str]:
    """Return the kind of item (text, picture or message), and the path of its file or ""."""
    if contribution.channel == "recording":
        return "message", contribution.media[0].path
    shown = [media.path for media in contribution.media if media.content_type in PICTURE_FORMATS]
    return ("picture", shown[0]) if shown else ("text", "")


def count_small(large: Sequence[Item]) -> int:
    """Return how many small items fit below the large one."""
    is_short = not large or (large[0].kind == "text" and len(large[0].words) <= SHORT_CHARACTERS)
    return 2 * ITEMS_PER_ROW if is_short else ITEMS_PER_ROW


def count_waiting(times: Sequence[float], now: float) -> int:
    """Return how many of the newest items have to wait until the large one has been seen.

    `times` are when the items were approved, newest first. The next item becomes large once the large item has been
    shown for MIN_SECONDS_ON_STAGE; of several items approved in the meantime, only the newest becomes large."""
    oldest_first = [*reversed(times)]
    large, free_at = 0, oldest_first[0] + MIN_SECONDS_ON_STAGE if times else 0
    while large + 1 < len(times):
        following = max(large + 1, bisect_right(oldest_first, free_at) - 1)
        starts_at = max(free_at, oldest_first[following])
        if starts_at > now:
            return len(times) - 1 - large
        large, free_at = following, starts_at + MIN_SECONDS_ON_STAGE
    return 0
