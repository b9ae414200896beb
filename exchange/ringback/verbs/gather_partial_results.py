"""The partial results that Gather sends while the caller speaks.

https://www.twilio.com/docs/voice/twiml/gather (2026-11): partialResultCallback; StableSpeechResult and SequenceNumber
are not documented there, but real requests have them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ringback.calls.speaking_time import speaking_seconds
from ringback.transcribing.partial_results import growing_prefixes
from ringback.twiml.attribute_values import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.webhooks.request import Webhook

MAX_DELAY_SECONDS = 2.0  # how long the action request waits for the callbacks after the end of the speech


class PartialResults:
    """The partial results of one Gather. `SequenceNumber` continues if the caller continues after a pause."""

    def __init__(self, session: VoiceSession, element: Element) -> None:
        self.session, self.language = session, element.get("language", "en-US")
        url = element.get("partialResultCallback")
        self.url = session.absolute(url) if url else ""
        self.method = method(session, element, 13312, "partialResultCallbackMethod") if url else "POST"
        self.number, self.stable = 0, ""
        self.sending: asyncio.Task[None] | None = None

    async def send(self, text: str) -> None:
        """Sends what `text` adds, in growing parts. Each part waits for the response to the previous one.

        Responses are ignored. Returns when all parts are sent, or MAX_DELAY_SECONDS after the end of the speech."""
        if not self.url or (self.sending and not self.sending.done()):
            return
        session, added = self.session, text.removeprefix(self.stable)
        seconds = speaking_seconds(added) * session.audio.pace
        self.sending = sending = session.state.spawn(self._send_all(added, seconds))
        try:
            with suppress(TimeoutError):
                async with session.state.clock.deadline(seconds + MAX_DELAY_SECONDS):
                    await asyncio.shield(sending)
        except asyncio.CancelledError:
            sending.cancel()
            raise

    async def _send_all(self, added: str, seconds: float) -> None:
        call, before = self.session.call, self.stable
        prefixes = list(growing_prefixes(added))
        for prefix in prefixes:
            await self.session.state.clock.sleep(seconds / len(prefixes))
            result = f"{before} {prefix}".strip()
            parameters = call.parameters() | {
                "SequenceNumber": str(self.number),
                "UnstableSpeechResult": result,
                "StableSpeechResult": self.stable,
                "Stability": "0.9",
                "Language": self.language,
            }
            self.number, self.stable = self.number + 1, result
            await self.session.state.webhooks.send_and_report(
                Webhook(self.url, self.method, tuple(parameters.items()), "status", cookie_jar=call.sid, sid=call.sid)
            )
