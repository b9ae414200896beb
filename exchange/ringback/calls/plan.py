"""The plan of a call: everything that is known before it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringback.sound.recording_options import RecordingOptions


@dataclass
class StatusCallback:
    """Where a call's progress is told, and which of it."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass
class Fallback:
    url: str = ""
    method: str = "POST"


@dataclass
class CallPlan:
    """Everything about a call that is known before it is made."""

    from_: str
    to: str
    direction: str  # inbound, outbound-api, outbound-dial
    handset: str
    account: str
    number_sid: str | None = None
    parent: str | None = None
    fallback: Fallback = field(default_factory=Fallback)
    callbacks: list[StatusCallback] = field(default_factory=list)
    machine_detection: str = ""
    amd_callback: StatusCallback | None = None  # where the verdict is told, if the call does not wait for it
    recording: RecordingOptions | None = None
    hidden: bool = False  # between two handsets: no business of the app
    to_own_number: bool = False  # to one of the app's own numbers: no handset's end
    own_numbers_passed: tuple[str, ...] = ()  # the app's own numbers it has come through
    extra: dict[str, str] = field(default_factory=dict)  # further parameters of every request
