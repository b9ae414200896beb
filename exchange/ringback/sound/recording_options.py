"""How something is to be recorded, and where the recording's progress is reported."""

from __future__ import annotations

from dataclasses import dataclass

RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})


@dataclass(frozen=True)
class RecordingOptions:
    """How something is to be recorded, and whom to tell. `source` is Twilio's word for who asked, `name` the app's."""

    source: str
    channels: int = 1
    track: str = "both"
    trim: bool = True
    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""
