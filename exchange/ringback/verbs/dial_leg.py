"""A child leg: one call that Dial places, with its whisper document.

https://www.twilio.com/docs/voice/twiml/number (2026-11)"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringback.calls.call_plan import CallPlan
from ringback.calls.lifecycle import register_call, run_call, run_interruptible
from ringback.calls.outgoing import ring
from ringback.state import State
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.steps import HANG_UP, End, Fetch, Inline, Outcome, Step

WHISPER_VERBS = frozenset({"Say", "Play", "Pause", "Gather", "Redirect", "Hangup"})
FORBIDDEN_VERB_CODE = 13201


class DialLeg:
    """Starts ringing when created.

    `ready` is true once the leg can be bridged, `gone` once it can no longer be bridged. `on_change` is called
    when either of them changes and when the leg is answered."""

    def __init__(
        self,
        state: State,
        plan: CallPlan,
        timeout: float,
        on_change: Callable[[], None],
        whisper: Fetch | None = None,
        tones: str = "",
    ) -> None:
        self.state, self.call = state, register_call(state, plan)
        self.whisper, self.tones, self.on_change = whisper, tones, on_change
        self.ready = self.gone = self.redirected_away = False
        self.released = asyncio.Event()
        state.spawn(self._run(timeout))

    def release(self) -> None:
        """Hangs up or stops ringing, unless a live update has redirected this leg."""
        self.released.set()
        if not self.redirected_away:
            self.call.set_status("completed" if self.call.is_live else "canceled")
            if self.call.running:  # otherwise, a whisper document would go on
                self.call.interrupt(HANG_UP)

    async def _run(self, timeout: float) -> None:
        step: Step = HANG_UP
        if await ring(self.state, self.call, timeout):
            self.on_change()
            step = await self._run_connected()
        self.redirected_away = isinstance(step, Fetch | Inline)
        if not self.redirected_away:
            self.call.set_status("completed")
        self.gone = True
        self.on_change()
        if not isinstance(step, End):  # a live update has redirected this leg
            await run_call(self.state, self.call, step)

    async def _run_connected(self) -> Step:
        if self.tones:
            self.call.audio.add_finished_item("Tones", digits=self.tones)
        step = await self._run_whisper()
        if step is None:
            self.ready = True
            self.on_change()
            step = await run_interruptible(self.call, self._until_released())
        return step or HANG_UP

    async def _run_whisper(self) -> Outcome:
        """Runs the whisper document. Returns None if the leg can be bridged."""
        session = VoiceSession(self.state, self.call, WHISPER_VERBS, FORBIDDEN_VERB_CODE)
        step: Outcome = self.whisper
        while isinstance(step, Fetch) and not self.call.redirected:
            step = await run_interruptible(self.call, session.run_document(step))
        return step

    async def _until_released(self) -> Outcome:
        await self.released.wait()
        return HANG_UP
