"""The base class of scenes whose items wait for the presenter's approval: words, wall, questions."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from masking import mask_words
from show import moderation
from show.base_scene import Contribution, Scene
from show.contribution_limits import MAX_CHARACTERS, REFUSALS
from show.moderation import APPROVED, HIDDEN, Item
from show.sanitize import sanitize
from store import Pipe, Store


@dataclass(frozen=True)
class ModeratedScene(Scene):
    """Takes free text, which the stage shows once the presenter has approved it; with `moderation` open, at once."""

    moderation: str = "approve"  # defaults to the talk's setting

    is_answerable: ClassVar[bool] = True
    takes_free_text: ClassVar[bool] = True
    actions: ClassVar[Mapping[str, str]] = {"approve": "Approve", "hide": "Hide", "ban": "Ban"}

    def problems(self) -> Iterator[str]:
        """Yield a sentence if `moderation` is invalid."""
        if self.moderation not in ("approve", "open"):
            yield f"moderation is '{self.moderation}': use approve or open"

    @property
    def is_approval_required(self) -> bool:
        return self.moderation == "approve"

    def submit(self, store: Store, pipe: Pipe, item: Item, thanks: str) -> str:
        """Add the item on the webhook's pipeline. Return the reply: `thanks`, or why the item was not accepted."""
        return REFUSALS.get(moderation.submit(store, pipe, item, self.is_approval_required), thanks)

    def make_item(self, contribution: Contribution, kind: str = "text", media: str = "") -> Item:
        """Return the contribution as an item, with its words cleaned for the screen."""
        words = clean_words(contribution.words)
        id = hashlib.sha256(contribution.id.encode()).hexdigest()[:16]
        return Item(id, self.id, contribution.person, contribution.name, round(time.time(), 6), words, kind, media)

    def perform(self, store: Store, action: str, item: str) -> None:
        """Decide on an item."""
        decisions = {"approve": self.approve, "hide": self.hide, "ban": self.ban}
        decisions[action](store, item)

    def approve(self, store: Store, item_id: str) -> None:
        """Have the stage show the item."""
        moderation.decide(store, self.id, item_id, APPROVED)

    def hide(self, store: Store, item_id: str) -> None:
        """Keep the item off the stage, or remove it from there."""
        moderation.decide(store, self.id, item_id, HIDDEN)

    def ban(self, store: Store, item_id: str) -> None:
        """Hide the item and this person's other pending items in this scene. Later items are silently not stored."""
        moderation.ban(store, self.id, item_id)
        self.hide_banned(store)

    def hide_banned(self, store: Store) -> None:
        """Hide the pending items of banned people in this scene."""
        banned = moderation.load_banned(store)
        pending = moderation.load_items(store, self.id, moderation.PENDING)
        moderation.hide(store, [item for item in pending if item.person in banned])

    def storage_keys(self) -> list[str]:
        """The items and the decisions on them."""
        return moderation.storage_keys(self.id)


def clean_words(words: str) -> str:
    """Return free text as one line for the screen, with numbers, e-mail addresses and links masked."""
    return sanitize(mask_words(words[: 8 * MAX_CHARACTERS]), MAX_CHARACTERS)
