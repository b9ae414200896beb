"""The `xray` scene: one webhook in detail, from the signature to the callback."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from show import show_state
from show.base_scene import TTL_SECONDS, Scene, SceneError, SceneView, Target
from show.graphics import sequence_diagram, signed_request
from show.lanes.content import StageLane, is_hidden_at_first, make_lane
from store import Store

MAX_TARGETS = 8  # on the console
TITLES = ("One webhook, opened up", "What was signed", "What we responded")


@dataclass(frozen=True)
class Xray(Scene):
    """Shows the newest call or text, or the one that the presenter selects. Its three pictures are shown in turn."""

    kind: ClassVar[str] = "xray"
    actions: ClassVar[Mapping[str, str]] = {"pin": "Select", "step": "Next picture"}

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The entry as a lane, the sequence diagram, the signed request and the response."""
        entry, picture = self._entry(view), self._picture(view.store)
        if entry is None:
            return {"lane": None, "title": TITLES[0], "picture": 0}
        lane = _lane_of(entry, view)
        try:
            signed = signed_request.load(view.store, entry.id)
        except LookupError:
            signed = None
        path = signed.path if signed else "/sms" if entry.channel == "text" else "/voice"
        return {
            "lane": lane,
            "title": TITLES[picture],
            "picture": picture,
            "lifelines": [
                (sequence_diagram.lifeline_x(at), name) for at, name in enumerate(sequence_diagram.LIFELINES)
            ],
            "drawn": sequence_diagram.draw(sequence_diagram.messages_of(entry, lane.request, path)),
            "height": sequence_diagram.TOP + sequence_diagram.ROW_HEIGHT * sequence_diagram.MAX_ROWS,
            "signed": signed,
            "tags": signed_request.load_tags(view.store, entry.id) if picture == 2 else [],
            "took": next((step.took for step in entry.steps if step.took), ""),
            "limit": sequence_diagram.LIMIT_SECONDS,
            "share": min(1000, round(entry.reply_seconds * 1000 / sequence_diagram.LIMIT_SECONDS)),
            "copies": entry.duplicates + 1,
        }

    def footer(self, view: SceneView) -> str:
        """Whose webhook it is, and its state."""
        entry = self._entry(view)
        return f"{entry.name or 'Somebody'} · {_lane_of(entry, view).label}" if entry else ""

    def targets(self, view: SceneView) -> list[Target]:
        """The newest calls and texts."""
        entries = self._entries(view)[:MAX_TARGETS]
        return [Target(entry.id, f"{entry.name}: {_lane_of(entry, view).request}", ("pin",)) for entry in entries]

    def button_item(self, view: SceneView, action: str) -> str:
        """For *Next picture*, return the number of the picture that it shows."""
        return str(self._next_picture(view.store)) if action == "step" else ""

    def perform(self, store: Store, action: str, item: str) -> None:
        """Select a call or text, or the newest again if `item` is "" or already selected; or show the next picture."""
        pipe = store.pipeline()
        if action == "step":
            pictures = [str(number) for number in range(len(TITLES))]
            picture = item if item in pictures else self._next_picture(store)
            pipe.execute_command("HSET", self.key("xray"), "picture", picture)
            pipe.execute_command("EXPIRE", self.key("xray"), TTL_SECONDS)
        elif len(item) > 100:
            raise SceneError("The field `item` must be the id of a call or text, as in the list on the console.")
        else:
            show_state.write(pipe, pinned="" if show_state.load(store).pinned == item else item)
        pipe.execute()

    def storage_keys(self) -> list[str]:
        """Which picture is shown."""
        return [self.key("xray")]

    def _entries(self, view: SceneView) -> list[Any]:
        """Return the calls and texts that somebody started, newest first."""
        known = [entry for entry in view.entries if entry.steps]
        return [entry for entry in known if entry.steps[0].type in ("text.received", "call.received")]

    def _entry(self, view: SceneView) -> Any:
        """Return the selected call or text, or the newest one; None if there is none."""
        entries = self._entries(view)
        return next((entry for entry in entries if entry.id == view.pinned), entries[0] if entries else None)

    def _next_picture(self, store: Store) -> int:
        return (self._picture(store) + 1) % len(TITLES)

    def _picture(self, store: Store) -> int:
        stored = store.execute_command("HGET", self.key("xray"), "picture")
        return int(stored or 0) % len(TITLES)


def _lane_of(entry: Any, view: SceneView) -> StageLane:
    return make_lane(entry, entry.started_at, is_hidden_until_approved=is_hidden_at_first(entry, view))
