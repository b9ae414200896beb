"""The three switches of the console: their labels, their questions and how they are set."""

from dataclasses import dataclass

from presenter.console.console_actions import HELD_REASON
from show.show_state import ShowState


@dataclass(frozen=True)
class Switch:
    """One of the switches that are always visible. `do` is the value of that form field.

    `label` says what pressing it does, `question` asks for confirmation, and `state` says how it is set and by whom.
    """

    name: str
    do: str
    label: str
    question: str
    state: str
    is_on: bool


def list_switches(show: ShowState, stop_reason: str) -> list[Switch]:
    """Return the switches as they are set now. `stop_reason` says why sending is stopped; "" if it is not."""
    held_by = f"held by {show.held_by}" if stop_reason == HELD_REASON and show.held_by else "stopped"
    return [
        Switch("blank", "unblank", "Show", "Show the scene again?", f"Blank, by {show.blank_by}", True)
        if show.is_blank
        else Switch("blank", "blank", "Blank", "Make the stage dark?", "", False),
        Switch("pause", "resume", "Resume", "Answer calls and texts again?", f"Paused, by {show.paused_by}", True)
        if show.is_paused
        else Switch("pause", "pause", "Pause", "Ask callers and texters to try again later?", "", False),
        Switch("hold", "release", "Release", "Send all waiting texts, oldest first?", f"Sending {held_by}", True)
        if stop_reason
        else Switch("hold", "hold", "Hold sending", "Hold all texts until you release them?", "", False),
    ]
