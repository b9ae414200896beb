"""The partialResultCallback of Gather: sends the words recognized so far while the caller is speaking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from ringback.calls.audio_path import speaking_seconds
from ringback.twiml.attributes import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.webhooks.request import Webhook

MAX_PARTIAL_RESULTS = 5
MAX_DELAY_SECONDS = 2.0  # how long after the end of the speech the action request waits for the callbacks


async def send_partial_results(session: VoiceSession, element: Element, text: str) -> None:
    """Sends growing prefixes of the speech, each after the response to the previous one. Responses are ignored.

    Returns when all have been sent, or MAX_DELAY_SECONDS after the end of the speech."""
    url = element.get("partialResultCallback")
    if not url:
        return
    http_method = method(session, element, 13312, "partialResultCallbackMethod")
    sending = session.state.spawn(_send(session, session.absolute(url), http_method, element.get("language"), text))
    try:
        with suppress(TimeoutError):
            async with session.state.clock.deadline(speaking_seconds(text) * session.audio.pace + MAX_DELAY_SECONDS):
                await asyncio.shield(sending)
    except asyncio.CancelledError:
        sending.cancel()
        raise


async def _send(session: VoiceSession, url: str, http_method: str, language: str, text: str) -> None:
    call, stable = session.call, ""
    prefixes = list(growing_prefixes(text))
    for number, prefix in enumerate(prefixes):
        await session.state.clock.sleep(speaking_seconds(text) * call.audio.pace / len(prefixes))
        parameters = call.parameters() | {
            "SequenceNumber": str(number),
            "UnstableSpeechResult": prefix,
            "StableSpeechResult": stable,
            "Stability": "0.9",
            "Language": language or "en-US",
        }
        await session.state.webhooks.send_and_report(
            Webhook(url, http_method, tuple(parameters.items()), "status", cookie_jar=call.sid, sid=call.sid)
        )
        stable = prefix


def growing_prefixes(text: str) -> Iterator[str]:
    """Yields at most MAX_PARTIAL_RESULTS prefixes of whole words; the last is the whole text."""
    words = text.split()
    count = min(len(words), MAX_PARTIAL_RESULTS)
    for number in range(1, count + 1):
        yield " ".join(words[: len(words) * number // count])
