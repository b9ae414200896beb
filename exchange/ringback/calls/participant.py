"""One call in a conference."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from ringback.calls.call import Call


@dataclass(eq=False)
class Participant:
    """One call in a room."""

    call: Call
    label: str = ""
    muted: bool = False
    hold: bool = False
    start_on_enter: bool = True
    end_on_exit: bool = False
    beep: str = "true"
    music: asyncio.Task[Any] | None = None  # of the hold
    coached_sid: str = ""  # the sid of the only one who hears this one
    left: asyncio.Event = field(default_factory=asyncio.Event)
    leave_reason: str = "participant_hung_up"
    playing: set[asyncio.Task[Any]] = field(default_factory=set)  # announcements, and what is heard on hold

    @property
    def sid(self) -> str:
        return self.call.sid

    def play(self, program: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let this one hear something, until it is over or they leave."""
        task = self.call.runtime.spawn(program)
        self.playing.add(task)
        task.add_done_callback(self.playing.discard)
        return task

    def leave(self) -> None:
        """Out of the room."""
        self.left.set()
        for task in list(self.playing):
            task.cancel()
