"""The options of a recording and of its status callback.

https://www.twilio.com/docs/voice/api/recording (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass

RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})


@dataclass(frozen=True)
class RecordingOptions:
    """The options of one recording. `source` is its RecordingSource; `name` is set only by Start."""

    source: str
    channels: int = 1
    track: str = "both"  # inbound, outbound or both
    trim: bool = True  # whether to remove silence at the beginning and the end
    url: str = ""  # of the status callback; "" if there is none
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""
    discards_silence: bool = False  # whether a recording without any sound from the handset is not stored
