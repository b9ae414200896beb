"""The `loop` attribute of Say and Play.

https://www.twilio.com/docs/voice/twiml/say (2026-11)"""

from __future__ import annotations

from ringback.twiml.attribute_values import whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element

MAX_LOOPS = 1000
MIN_LOOP_SECONDS = 0.05  # per repetition of an endless loop, so that it does not spin at pace 0


async def repeat(
    session: VoiceSession, element: Element, code: int, verb: str, seconds: float, details: dict[str, str]
) -> None:
    """Plays an item `loop` times. If `loop` is 0, repeats the item until the call ends, at most MAX_LOOPS times."""
    loops = whole_number(session, element, "loop", 1, code)
    for _ in range(min(loops, MAX_LOOPS) or MAX_LOOPS):
        item = session.audio.start_item(verb, **details, seconds=round(seconds, 2))
        await session.audio.play_out(item, seconds)
        if loops == 0 and session.audio.pace == 0:
            await session.state.clock.sleep(MIN_LOOP_SECONDS)
