"""The `timeline` scene: calls and texts as lanes, from ring to answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from show import show_state
from show.base_scene import TTL_SECONDS, Scene, SceneError, SceneView, Target
from show.lanes.content import StageLane, is_hidden_at_first, make_lane
from store import Store

APPROVED, HIDDEN = "approved", "hidden"
MAX_TARGETS = 8  # on the console
MAX_NAMES = 4  # of calls without a lane


@dataclass(frozen=True)
class TimelineScene(Scene):
    """Shows calls, texts and webhooks as they happen. Live calls are shown until they end."""

    kind: ClassVar[str] = "timeline"
    redraw_seconds: ClassVar[float] = 0.5  # the lanes change as time passes
    actions: ClassVar[Mapping[str, str]] = {
        "pin": "Pin",
        "hide": "Hide",
        "approve": "Show the words",
    }

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The lanes. A lane is None while it is empty."""
        decisions, now = self._decisions(view.store), time.time()
        view.board.remove({id for id, decision in decisions.items() if decision == HIDDEN})
        shown = [slot.item for slot in view.board.slots]
        pinned = next((entry for entry in view.entries if entry.id == view.pinned), None)
        if pinned is not None and decisions.get(pinned.id) != HIDDEN:
            shown = _with_first(shown, pinned)
        calls = [str(getattr(call, "name", "")) or "Somebody" for call in view.board.live_without_lane()]
        return {
            "lanes": [self._lane(entry, decisions, view, now) if entry else None for entry in shown],
            "more": view.board.count_more(),
            "calls": calls[:MAX_NAMES],
            "more_calls": max(0, len(calls) - MAX_NAMES),
        }

    def footer(self, view: SceneView) -> str:
        """How many calls and texts on the timeline have been answered, are on the line, or are waiting."""
        entries = [entry for entry in view.entries if entry.channel in ("call", "text")]
        answered = sum(entry.state in ("success", "ended") for entry in entries)
        counts = {"on the line": sum(entry.is_live for entry in entries)}
        counts["waiting"] = sum(entry.is_busy for entry in entries)
        return " · ".join([f"{answered:,} answered", *(f"{count:,} {name}" for name, count in counts.items() if count)])

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of calls on the line, and of calls and texts that wait for an answer."""
        return {
            "on the line": sum(entry.is_live for entry in view.entries),
            "waiting": sum(entry.is_busy for entry in view.entries),
        }

    def targets(self, view: SceneView) -> list[Target]:
        """The newest calls and texts; the presenter sees the words that wait for approval."""
        decisions = self._decisions(view.store)
        return [
            Target(entry.id, f"{entry.name or entry.who or 'Somebody'}: {entry.request}", tuple(self.actions))
            for entry in view.entries[:MAX_TARGETS]
            if decisions.get(entry.id) != HIDDEN
        ]

    def perform(self, store: Store, action: str, item: str) -> None:
        """Pin an entry to the first lane, or unpin it; hide it; or show its words."""
        if not item or len(item) > 100:
            raise SceneError("The field `item` must be the id of a call or text, as in the list on the console.")
        pipe = store.pipeline()
        if action == "pin":
            show_state.write(pipe, pinned="" if show_state.load(store).pinned == item else item)
        else:
            pipe.execute_command("HSET", self.key("lanes"), item, APPROVED if action == "approve" else HIDDEN)
            pipe.execute_command("EXPIRE", self.key("lanes"), TTL_SECONDS)
        pipe.execute()

    def storage_keys(self) -> list[str]:
        """The decisions: entry id -> approved or hidden."""
        return [self.key("lanes")]

    def _decisions(self, store: Store) -> dict[str, str]:
        rows = store.hgetall(self.key("lanes"))
        return {id.decode(): decision.decode() for id, decision in rows.items()}

    def _lane(self, entry: Any, decisions: Mapping[str, str], view: SceneView, now: float) -> StageLane:
        is_hidden = is_hidden_at_first(entry, view) and decisions.get(entry.id) != APPROVED
        return make_lane(entry, now, is_hidden_until_approved=is_hidden, is_pinned=entry.id == view.pinned)


def _with_first(shown: list[Any], first: Any) -> list[Any]:
    """Return the entries with this entry in the first lane; if it was in another lane, the two entries swap lanes."""
    ids = [entry.id if entry else "" for entry in shown]
    if first.id in ids:
        shown[ids.index(first.id)] = shown[0]
    return [first, *shown[1:]]
