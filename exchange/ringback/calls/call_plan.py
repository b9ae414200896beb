"""The plan of a call: all properties that are known before it starts.

https://www.twilio.com/docs/voice/api/call-resource (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringback.sound.recordings import RecordingOptions


@dataclass
class StatusCallback:
    """A status callback URL and the events that are sent to it. `url` is "" if there is none."""

    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass
class Fallback:
    url: str = ""
    method: str = "POST"


@dataclass
class CallPlan:
    """All properties of a call that are known before it starts."""

    from_: str
    to: str
    direction: str  # inbound, outbound-api or outbound-dial
    handset: str  # the handset's number
    account: str
    number_sid: str | None = None  # of the app's number in an inbound or outbound-api call
    parent: str | None = None  # for a child leg, the sid of the call that dialed it
    fallback: Fallback = field(default_factory=Fallback)
    callbacks: list[StatusCallback] = field(default_factory=list)
    machine_detection: str = ""
    amd_callback: StatusCallback | None = None  # makes machine detection asynchronous
    recording: RecordingOptions | None = None
    hidden: bool = False  # not visible to the app: between two handsets, or a Verify call
    to_own_number: bool = False  # a loopback: one of the app's numbers takes the place of the handset
    own_numbers_passed: tuple[str, ...] = ()  # the app's numbers that the chain of calls has passed so far
    extra: dict[str, str] = field(default_factory=dict)  # additional parameters for every webhook
    delivered: dict[str, str] = field(default_factory=dict)  # parameters for a called client, or SIP headers
    time_limit: int | None = None  # in seconds from the answer
    reason: str = ""  # the call reason that the called phone shows
    sip_call_id: str = ""
