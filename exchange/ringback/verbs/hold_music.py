"""Hold music for callers waiting in a conference or a queue.

https://www.twilio.com/docs/voice/twiml/conference (2026-11)"""

from __future__ import annotations

import asyncio

from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.steps import End, Step


async def hold_music(session: VoiceSession) -> Step:
    """Plays music until cancelled."""
    item = session.audio.start_item("Music")
    try:
        await asyncio.Event().wait()
    finally:
        session.audio.end_item(item)
    return End()
