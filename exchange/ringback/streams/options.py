"""The options of a media stream, from TwiML or the REST API."""

from __future__ import annotations

from dataclasses import dataclass, field

TRACKS = {
    "inbound_track": ("inbound",),
    "outbound_track": ("outbound",),
    "both_tracks": ("inbound", "outbound"),
}
# The limit for a parameter's name and value together: https://www.twilio.com/docs/voice/twiml/stream (2026-11-26)
MAX_PARAMETER_CHARACTERS = 500


@dataclass(frozen=True)
class StreamOptions:
    """`tracks` are the tracks that the app hears. `name` and `callback`, a URL, are "" if the stream has none."""

    url: str
    two_way: bool = False
    name: str = ""
    tracks: tuple[str, ...] = ("inbound",)
    parameters: dict[str, str] = field(default_factory=dict)
    callback: str = ""
    callback_method: str = "POST"


def fits(name: str, value: str) -> bool:
    """Whether a custom parameter is within Twilio's limit."""
    return len(name) + len(value) < MAX_PARAMETER_CHARACTERS
