"""What the stage shows of one entry: no word from the audience before the presenter has approved it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masking import mask_words
from show.duration_format import format_duration
from show.sanitize import sanitize

MAX_STEPS = 5  # side by side on the screen
MAX_ANSWER_CHARACTERS = 120
WAITING_FOR_APPROVAL = "Waiting for the presenter."
GLYPHS = {"now": "live", "success": "success", "waiting": "waiting", "failed": "failed", "quiet": "neutral"}

# Entry state -> lane state; all other entry states are quiet. See stage.timeline_entry.STATE_LABELS.
COLORED = {"live": "now", "calling": "now", "running": "now", "waiting": "waiting", "success": "success"}
COLORED["failed"] = "failed"
STEP_STATES = {"success": "success", "running": "now", "waiting": "waiting", "failed": "failed"}


@dataclass(frozen=True)
class LaneStep:
    """One step. `time` is how long after the start it happened, such as 6.2 s."""

    text: str
    time: str
    state: str


@dataclass(frozen=True)
class StageLane:
    """One lane, as the template draws it. `state` is a key of GLYPHS, and `label` says the same in words."""

    id: str
    kind: str
    name: str
    request: str
    answer: str
    state: str
    label: str
    steps: Sequence[LaneStep]
    peaks: Sequence[float]
    progress: float | None
    is_pinned: bool = False

    @property
    def glyph(self) -> str:
        """The name of the symbol that goes with the state."""
        return GLYPHS[self.state]


def make_lane(entry: Any, now: float, *, is_hidden_until_approved: bool, is_pinned: bool = False) -> StageLane:
    """Return the lane of this entry. If `is_hidden_until_approved`, its free text is not shown."""
    is_private = entry.has_free_text and is_hidden_until_approved
    state, label = _state(entry, is_private=is_private)
    progress = entry.progress
    return StageLane(
        entry.id,
        _kind(entry, now),
        entry.name or _stranger(entry),
        _request(entry, is_private=is_private),
        _answer(entry, is_private=is_private),
        state,
        label,
        _steps(entry.steps, entry.omitted_steps),
        () if is_private else entry.peaks,
        progress.fraction if progress else None,
        is_pinned,
    )


def is_hidden_at_first(entry: Any, view: Any) -> bool:
    """Whether the entry's words are hidden. Those for a scene are for the scene to show, even in an open talk."""
    return bool(view.is_approval_required or entry.is_contribution)


def describe_length(length: int) -> str:
    """What is shown in place of words."""
    return f"a text of {length} character{'' if length == 1 else 's'}" if length else "an empty text"


def _kind(entry: Any, now: float) -> str:
    if entry.is_live:
        seconds = max(0, int(now - entry.started_at))
        return f"On the line, {seconds // 60}:{seconds % 60:02}"
    return {"call": "Call", "text": "Text", "webhook": "Webhook"}.get(entry.channel, "Event")


def _stranger(entry: Any) -> str:
    """Return "Somebody" for a call or text; other events are named after their source."""
    source = str(entry.who) if entry.channel not in ("call", "text") else ""
    return source[:1].upper() + source[1:] if source else "Somebody"


def _request(entry: Any, *, is_private: bool) -> str:
    if entry.channel == "call":
        return _spoken_request(entry, is_private=is_private)
    if not is_private:
        words = sanitize(mask_words(entry.request), MAX_ANSWER_CHARACTERS)
        return f"“{words}”" if words and entry.channel == "text" else words
    if entry.is_contribution:
        return "took part"  # the length could reveal a vote
    if not entry.steps or entry.steps[0].type != "text.received":
        return ""
    return f"“{entry.command} …”" if entry.command else f"“{describe_length(entry.length)}”"


def _spoken_request(entry: Any, *, is_private: bool) -> str:
    if not is_private or entry.request.startswith("pressed "):
        return sanitize(mask_words(entry.request), MAX_ANSWER_CHARACTERS)
    return f"said “{entry.command} …”" if entry.command else "said something"


def _answer(entry: Any, *, is_private: bool) -> str:
    if entry.told and not entry.answer:
        return ""
    if not is_private:
        return sanitize(mask_words(entry.answer), MAX_ANSWER_CHARACTERS)
    if entry.is_contribution or entry.request.startswith("pressed "):
        return "For the scene on stage."
    if not entry.command:
        return WAITING_FOR_APPROVAL
    return "Answered in private." if entry.state == "success" else "For this person only."


def _state(entry: Any, *, is_private: bool) -> tuple[str, str]:
    state, label = COLORED.get(entry.state, "quiet"), str(entry.state_label)
    if entry.told:
        return "success", f"told {entry.told} {'person' if entry.told == 1 else 'people'}"
    if entry.is_contribution and entry.channel == "text":
        return "quiet", "received"
    if is_private and entry.state == "not_understood" and entry.channel == "text":
        return "quiet", "not shown yet"
    if state == "success" and entry.channel == "text" and entry.answer_seconds:
        return state, f"answered in {format_duration(entry.answer_seconds)}"
    return state, label


def _steps(steps: Sequence[Any], omitted: int) -> list[LaneStep]:
    """The first step and the newest ones; between them, how many are left out."""
    drawn = [LaneStep(step.text, step.elapsed, STEP_STATES.get(step.status, "quiet")) for step in steps]
    if len(drawn) <= MAX_STEPS and not omitted:
        return drawn
    newest = drawn[1:][-(MAX_STEPS - 2) :]
    return [*drawn[:1], LaneStep(f"{omitted + len(drawn) - 1 - len(newest)} more", "", "quiet"), *newest]
