"""The state of the show, in Redis: the current scene, its phase, and the presenter's switches."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import events
from show import encrypted_phone_numbers, friendly_names, moderation
from show.base_scene import CLOSED, NO_PHASE, OPEN, REVEALED, TTL_SECONDS, Scene, SceneError
from show.talk_file import Talk
from store import Pipe, Store

STATE_KEY = "show:state"
LATE_SECONDS = 15  # after a scene change, a late text or key still counts for the previous scene


@dataclass(frozen=True)
class ShowState:
    """The state as of one moment. `phases` maps scene ids to phases; `changed_at` is a Unix timestamp."""

    scene_id: str = ""
    previous_id: str = ""
    changed_at: float = 0.0
    started_at: float = 0.0
    is_blank: bool = False
    is_paused: bool = False
    pinned: str = ""  # the item that the presenter has selected for the stage, such as a call
    blank_by: str = ""  # the presenter who last switched `is_blank`; likewise the next two
    paused_by: str = ""
    held_by: str = ""
    phases: Mapping[str, str] = field(default_factory=dict)

    def scene(self, talk: Talk) -> Scene:
        """Return the current scene; the first one if the show has not started or the talk file has changed."""
        return talk.find(self.scene_id) or talk.scenes[0]

    def previous_scene(self, talk: Talk, now: float) -> Scene | None:
        """Return the scene to which a late contribution still belongs, or None."""
        return talk.find(self.previous_id) if now - self.changed_at < LATE_SECONDS else None

    def phase(self, scene: Scene) -> str:
        """Return the scene's phase, which is its first phase until the presenter opens or closes the scene."""
        return self.phases.get(scene.id, scene.first_phase if scene.is_answerable else NO_PHASE)

    def is_open(self, scene: Scene) -> bool:
        """Whether the scene accepts contributions."""
        return not scene.is_answerable or self.phase(scene) == OPEN


READ_COMMAND: tuple[str, ...] = ("HGETALL", STATE_KEY)


def parse(reply: Sequence[bytes] | Mapping[bytes, bytes]) -> ShowState:
    """Return the state from the raw reply to READ_COMMAND."""
    pairs = reply.items() if isinstance(reply, Mapping) else zip(reply[::2], reply[1::2], strict=True)
    row = {name.decode(): value.decode() for name, value in pairs}
    return ShowState(
        scene_id=row.get("scene", ""),
        previous_id=row.get("previous", ""),
        changed_at=float(row.get("changed_at", 0)),
        started_at=float(row.get("started_at", 0)),
        is_blank=row.get("blank") == "1",
        is_paused=row.get("paused") == "1",
        pinned=row.get("pinned", ""),
        **{name: row.get(name, "") for name in ("blank_by", "paused_by", "held_by")},
        phases={name.removeprefix("phase:"): value for name, value in row.items() if name.startswith("phase:")},
    )


def load(store: Store) -> ShowState:
    """Return the current state."""
    return parse(store.hgetall(STATE_KEY))


def go(pipe: Pipe, state: ShowState, talk: Talk, position: int) -> None:
    """Go to the scene at this position, counted from 1. Raises SceneError if there is none."""
    if not 0 < position <= len(talk.scenes):
        raise SceneError(f"There is no scene {position}: the talk has {len(talk.scenes)}.")
    now = time.time()
    changes: dict[str, Any] = {"scene": talk.scenes[position - 1].id, "pinned": ""}
    if talk.positions[state.scene(talk).id] != position:
        changes |= {"changed_at": now, "previous": state.scene(talk).id}
    if not state.started_at:
        changes["started_at"] = now
    write(pipe, **changes)


def go_back(pipe: Pipe, state: ShowState, talk: Talk) -> None:
    """Show what was shown before: the scene if the stage is blank, otherwise the previous scene."""
    if state.is_blank:
        write(pipe, blank=0)
    elif state.previous_id in talk.positions:
        go(pipe, state, talk, talk.positions[state.previous_id])


def set_phase(pipe: Pipe, scene: Scene, phase: str) -> None:
    """Open, close or reveal the scene. Raises SceneError if that makes no sense for its kind."""
    if not scene.is_answerable or (phase == REVEALED and not scene.is_revealable):
        verb = {OPEN: "opened", CLOSED: "closed", REVEALED: "revealed"}[phase]
        raise SceneError(f"The scene {scene.kind} cannot be {verb}.")
    write(pipe, **{f"phase:{scene.id}": phase})


def reset(pipe: Pipe, scene: Scene) -> None:
    """Delete what the scene has stored, and return it to its first phase."""
    for key in scene.storage_keys():
        pipe.execute_command("DEL", key)
    pipe.execute_command("HDEL", STATE_KEY, f"phase:{scene.id}")
    announce(pipe)


def restart(pipe: Pipe, talk: Talk) -> None:
    """Forget a rehearsal: delete what all scenes have stored and everybody's name, and go to the first scene."""
    for scene in talk.scenes:
        reset(pipe, scene)
    kept_apart = (
        moderation.BANNED_KEY,
        encrypted_phone_numbers.NUMBERS_KEY,
        friendly_names.NAMES_KEY,
        friendly_names.TAKEN_KEY,
    )
    pipe.execute_command("DEL", STATE_KEY, *kept_apart)
    events.publish(pipe, "show.purged", before=time.time())  # so that the stage forgets its calls and texts
    announce(pipe)


def write(pipe: Pipe, **changes: Any) -> None:
    """Write these fields of the state, and have the stage redraw."""
    pipe.hset(STATE_KEY, mapping=dict[Any, Any](changes))
    pipe.execute_command("EXPIRE", STATE_KEY, TTL_SECONDS)
    announce(pipe)


def announce(pipe: Pipe | Store) -> None:
    """Have every stage and presenter page redraw."""
    events.publish(pipe, "show.changed")
