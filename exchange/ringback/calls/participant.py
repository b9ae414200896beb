"""A participant: one call in a conference.

https://www.twilio.com/docs/voice/api/conference-participant-resource (2026-11)"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from ringback.calls.call import Call
from ringback.twiml.steps import End, Fetch, Inline


@dataclass(eq=False)
class Participant:
    """One call in a conference. `left` is set when the participant leaves."""

    call: Call
    label: str = ""
    muted: bool = False
    hold: bool = False
    start_on_enter: bool = True
    end_on_exit: bool = False
    beep: str = "true"
    music: asyncio.Task[Any] | None = None  # the music played while on hold
    coached_sid: str = ""  # for a coach, the call sid of the only participant who hears this one
    left: asyncio.Event = field(default_factory=asyncio.Event)
    leave_reason: str = "participant_hung_up"
    playing: set[asyncio.Task[Any]] = field(default_factory=set)  # announcements and hold music

    @property
    def sid(self) -> str:
        return self.call.sid

    @property
    def call_status(self) -> str:
        """The call's status; "completed" while it is being hung up: the participant leaves before the call ends."""
        return "completed" if isinstance(self.call.interruption, End) else self.call.status

    @property
    def reason_left(self) -> str:
        """ReasonParticipantLeft: `leave_reason`, unless a live update has given the call another document.

        https://www.twilio.com/docs/voice/twiml/conference#statuscallback (2026-11)"""
        is_moved = isinstance(self.call.interruption, Fetch | Inline)
        return "participant_updated_via_api" if is_moved else self.leave_reason

    def play(self, playback: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a playback to this participant until it ends or the participant leaves."""
        task = self.call.runtime.spawn(playback)
        self.playing.add(task)
        task.add_done_callback(self.playing.discard)
        return task

    def leave(self) -> None:
        """Sets `left` and cancels everything that is playing."""
        self.left.set()
        for task in list(self.playing):
            task.cancel()
