"""The `loop` attribute of Say and Play."""

from __future__ import annotations

from ringback.twiml.attributes import whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element

MAX_LOOPS = 1000
MIN_LOOP_SECONDS = 0.05  # that an endless loop takes for each round, so that pace 0 does not spin


async def repeat(
    session: VoiceSession, element: Element, code: int, verb: str, seconds: float, details: dict[str, str]
) -> None:
    """Let it be heard `loop` times; 0 is until the call ends, at most a thousand times."""
    loops = whole_number(session, element, "loop", 1, code)
    for _ in range(min(loops, MAX_LOOPS) or MAX_LOOPS):
        item = session.audio.start_item(verb, **details, seconds=round(seconds, 2))
        await session.audio.play_out(item, seconds)
        if loops == 0 and session.audio.pace == 0:
            await session.state.clock.sleep(MIN_LOOP_SECONDS)
