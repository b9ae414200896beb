"""A Gather's partialResultCallback: what is understood so far, told while somebody is still speaking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from ringback.calls.audio_path import speaking_seconds
from ringback.twiml.attributes import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.webhooks.request import Webhook

MAX_STEPS = 5
MAX_DELAY_SECONDS = 2.0  # seconds longer than the words themselves that the action waits for the app to take them in


async def send_partial_results(session: VoiceSession, element: Element, words: str) -> None:
    """Tell the words in growing parts, each once the app has answered the one before; what it answers is ignored."""
    address = element.get("partialResultCallback")
    if not address:
        return
    way = method(session, element, 13312, "partialResultCallbackMethod")
    telling = session.state.spawn(_send(session, session.absolute(address), way, element.get("language"), words))
    try:
        with suppress(TimeoutError):
            async with session.state.clock.deadline(speaking_seconds(words) * session.audio.pace + MAX_DELAY_SECONDS):
                await asyncio.shield(telling)
    except asyncio.CancelledError:
        telling.cancel()
        raise


async def _send(session: VoiceSession, url: str, way: str, language: str, words: str) -> None:
    call, stable = session.call, ""
    parts = list(growing_prefixes(words))
    for number, part in enumerate(parts):
        await session.state.clock.sleep(speaking_seconds(words) * call.audio.pace / len(parts))
        parameters = call.parameters() | {
            "SequenceNumber": str(number),
            "UnstableSpeechResult": part,
            "StableSpeechResult": stable,
            "Stability": "0.9",
            "Language": language or "en-US",
        }
        await session.state.webhooks.send_and_report(
            Webhook(url, way, tuple(parameters.items()), "status", cookie_jar=call.sid, sid=call.sid)
        )
        stable = part


def growing_prefixes(words: str) -> Iterator[str]:
    """The words so far, in at most five steps; the last is all of them."""
    every = words.split()
    steps = min(len(every), MAX_STEPS)
    for step in range(1, steps + 1):
        yield " ".join(every[: len(every) * step // steps])
