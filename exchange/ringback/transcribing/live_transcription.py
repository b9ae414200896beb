"""A real-time transcription of one call: sends what is said on each track to the app.

https://www.twilio.com/docs/voice/twiml/transcription and, for the fields of the callbacks, real requests (2026-11)"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from ringback.calls.audio_path import CallerInput, HeardItem, Speech
from ringback.calls.call import Call
from ringback.calls.speaking_time import CHARACTERS_PER_SECOND, speaking_seconds
from ringback.service.sids import new_sid
from ringback.sound.profanity import without_profanity
from ringback.transcribing.options import TranscriptionOptions
from ringback.transcribing.partial_results import growing_prefixes

INBOUND, OUTBOUND = "inbound_track", "outbound_track"  # what the handset says, and what it hears
CONFIDENCE, STABILITY = 0.9, "0.9"
SPOKEN_ITEMS = frozenset({"Say", "Voice"})
MAX_AT_ONCE = 4  # per call


class LiveTranscription:
    """A tap on a call. SequenceId numbers the events from 1; webhooks may overtake each other."""

    def __init__(self, call: Call, options: TranscriptionOptions) -> None:
        self.call, self.options = call, options
        self.sid, self.status = new_sid("GT"), "in-progress"
        self.updated = call.runtime.clock.now()
        self.sequence = 0
        self.speaking: dict[int, tuple[asyncio.Task[None], float]] = {}  # by item id: the sending task, its start time
        call.taps.append(self)
        started = {
            "LanguageCode": options.language,
            "TranscriptionEngine": options.engine,
            "ProviderConfiguration": options.provider_configuration(),
            "Track": options.track,
            "PartialResults": str(options.partial_results).lower(),
        }
        self._notify("transcription-started", started | options.labels())

    def on_input(self, event: CallerInput) -> None:
        if isinstance(event, Speech) and self.options.listens_to(INBOUND):
            self.call.runtime.spawn(self._transcribe(INBOUND, event.text))

    def on_item_started(self, item: HeardItem) -> None:
        """Starts sending partial results. None are sent for the other party's words: such an item ends at once."""
        if item.verb in SPOKEN_ITEMS and item.details.get("text") and self.options.listens_to(OUTBOUND):
            sending = self.call.runtime.spawn(self._send_partial_results(OUTBOUND, item.details["text"]))
            self.speaking[item.id] = sending, self.call.runtime.clock.time()

    def on_item_ended(self, item: HeardItem) -> None:
        if item.id not in self.speaking:
            return
        sending, start = self.speaking.pop(item.id)
        sending.cancel()
        text = item.details["text"]
        if item.interrupted:
            text = _spoken_part(text, (self.call.runtime.clock.time() - start) / (self.call.audio.pace or 1))
        self._send_final(OUTBOUND, text)

    def on_app_audio(self, sound: bytes) -> None:
        """Does nothing: there is no speech recognition for audio."""

    def close(self) -> None:
        """Ends the transcription, when the app stops it or the call has ended."""
        if self._end():
            self._notify("transcription-stopped")

    def fail(self, code: int, detail: str) -> None:
        """Ends the transcription with an error."""
        if self._end():
            self.call.runtime.debugger.report(code, sid=self.call.sid, handset=self.call.plan.handset, detail=detail)
            self._notify("transcription-error", {"TranscriptionErrorCode": str(code), "TranscriptionError": detail})

    def _end(self) -> bool:
        if self.status == "stopped":
            return False
        self.status, self.updated = "stopped", self.call.runtime.clock.now()
        self.call.taps.remove(self)
        for sending, _ in self.speaking.values():
            sending.cancel()
        return True

    async def _transcribe(self, track: str, text: str) -> None:
        await self._send_partial_results(track, text)
        self._send_final(track, text)

    async def _send_partial_results(self, track: str, text: str) -> None:
        """Sends growing parts of the text while it is spoken. Returns at once if the app wants no partial
        results."""
        if not self.options.partial_results:
            return
        prefixes = list(growing_prefixes(text))
        for prefix in prefixes:
            seconds = speaking_seconds(text) * self.call.audio.pace / len(prefixes)
            await self.call.runtime.clock.sleep(seconds)
            self._send_content(
                track, {"transcript": self._filtered(prefix)}, {"Final": "false", "Stability": STABILITY}
            )

    def _send_final(self, track: str, text: str) -> None:
        if text:
            data = {"transcript": self._filtered(text), "confidence": CONFIDENCE}
            self._send_content(track, data, {"Final": "true"})

    def _filtered(self, text: str) -> str:
        return without_profanity(text) if self.options.filters_profanity else text

    def _send_content(self, track: str, data: Mapping[str, object], more: dict[str, str]) -> None:
        if self.status == "stopped":
            return
        if self.call.runtime.faults.trigger("transcription-fails", "status", self.options.url):
            return self.fail(32651, "injected by the fault transcription-fails")
        content = {"LanguageCode": self.options.language, "TranscriptionData": json.dumps(data), "Track": track}
        self._notify("transcription-content", content | more)

    def _notify(self, event: str, more: dict[str, str] | None = None) -> None:
        self.sequence += 1
        send_event(self.call, self.options.url, self.options.method, event, self.sid, self.sequence, more or {})


def send_event(call: Call, url: str, method: str, event: str, sid: str, sequence: int, more: dict[str, str]) -> None:
    """Sends one status callback if the app has set a URL."""
    if not url:
        return
    parameters = {
        "AccountSid": call.plan.account,
        "CallSid": call.sid,
        "TranscriptionSid": sid,
        "TranscriptionEvent": event,
        "Timestamp": call.runtime.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "SequenceId": str(sequence),
    }
    call.runtime.webhooks.send_callback(url, method, parameters | more, "status", call.sid, cookie_jar=call.sid)


def running(call: Call) -> list[LiveTranscription]:
    """Returns the transcriptions of the call that have not been stopped."""
    return [tap for tap in call.taps if isinstance(tap, LiveTranscription)]


def _spoken_part(text: str, seconds: float) -> str:
    """Returns the words that can be spoken in this time."""
    characters = int(seconds * CHARACTERS_PER_SECOND)
    return text if characters >= len(text) else text[: characters + 1].rpartition(" ")[0]
