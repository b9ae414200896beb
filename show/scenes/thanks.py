"""The `thanks` scene: links, what was stored about the audience, and when it is deleted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from show import friendly_names, talk_file
from show.base_scene import Scene, SceneView
from show.graphics.qr_code import svg
from show.privacy import purge
from show.privacy.purge_receipts import load_receipts
from store import Store

MAX_LINKS = 3
MAX_LINK_CHARACTERS = 60


@dataclass(frozen=True)
class Thanks(Scene):
    """Says goodbye. `links` and `keep_numbers_days` default to the talk's settings."""

    links: tuple[str, ...] = ()
    keep_numbers_days: int = 1

    kind: ClassVar[str] = "thanks"
    actions: ClassVar[Mapping[str, str]] = {"purge": "Purge now"}

    def problems(self) -> Iterator[str]:
        """Check that the links fit the screen."""
        if len(self.links) > MAX_LINKS:
            yield f"there are {len(self.links)} links: use at most {MAX_LINKS}"
        for link in self.links:
            if not link.startswith("https://") or len(link) > MAX_LINK_CHARACTERS or not link.isprintable():
                yield f"link '{link}' must start with https:// and have at most {MAX_LINK_CHARACTERS} characters"

    def perform(self, store: Store, action: str, item: str) -> None:
        """Erase what was stored about people."""
        purge.purge_everything(store, talk_file.current_talk(), "a presenter")

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The links with their QR codes, and whether the data has been deleted."""
        people = _count_people(view.store)
        return {
            "links": [(link.removeprefix("https://"), svg(link, f"QR code of {link}")) for link in self.links],
            "people": people,
            "is_purged": not people and any(one.cause != "a person" for one in load_receipts(view.store, 5)),
            "days": "a day" if self.keep_numbers_days == 1 else f"{self.keep_numbers_days} days",
        }

    def footer(self, view: SceneView) -> str:
        """The number of people."""
        people = _count_people(view.store)
        return f"{people:,} took part" if people else ""

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of people, and what the last purge has deleted."""
        last = load_receipts(view.store, 1)
        return {"people": _count_people(view.store), "purged": last[0].total if last else 0}


def _count_people(store: Store) -> int:
    return store.hlen(friendly_names.NAMES_KEY)
