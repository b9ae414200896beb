"""What the caller says and presses during a ConversationRelay session: interruptions, prompts and keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from ringback.calls.audio_path import CallerInput, KeyPress, Speech
from ringback.calls.call import Call
from ringback.calls.speaking_time import speaking_seconds
from ringback.relay.agent_voice import AgentVoice
from ringback.relay.settings import RelaySettings

MAX_PARTIAL_PROMPTS = 5
Post = Callable[[dict[str, Any]], None]


class CallerListener:
    """Reports the caller's input to the app with `post`."""

    def __init__(self, call: Call, settings: RelaySettings, voice: AgentVoice, post: Post) -> None:
        self.call, self.settings, self.voice, self.post = call, settings, voice, post

    def description(self) -> dict[str, Any]:
        """What the session listens for, as the handset API shows it."""
        keys = self.settings["dtmfDetection"] or "dtmf" in self.settings["interruptible"]
        return {
            "input": ["dtmf", "speech"] if keys else ["speech"],
            "reported_during_speech": sorted(self.settings["reportInputDuringAgentSpeech"]),
            "language": self.settings.prompt_language,
            "hints": self.settings["hints"],
        }

    async def run(self, inbox: asyncio.Queue[CallerInput]) -> None:
        """Handles the input until cancelled. Audio is ignored, because there is no speech recognition for it."""
        while True:
            match await inbox.get():
                case KeyPress(digit=digit):
                    self._press(digit)
                case Speech(text=text):
                    await self._speak(text)

    def _press(self, digit: str) -> None:
        was_speaking = self.voice.is_speaking
        self._interrupt("dtmf")
        if self.settings["dtmfDetection"] and self._is_reported("dtmf", was_speaking):
            self.post({"type": "dtmf", "digit": digit})

    async def _speak(self, text: str) -> None:
        was_speaking = self.voice.is_speaking
        self._post_speaking("on")
        self._interrupt("speech")
        if self._is_reported("speech", was_speaking):
            if self.settings["partialPrompts"]:
                await self._post_partial_prompts(text)
            self._post_prompt(text, last=True)
        self._post_speaking("off")

    def _interrupt(self, kind: str) -> None:
        interruption = self.voice.interrupt(kind)
        if interruption is None:
            return
        self.post(
            {
                "type": "interrupt",
                "utteranceUntilInterrupt": interruption.words,
                "durationUntilInterruptMs": interruption.milliseconds,
            }
        )

    def _is_reported(self, kind: str, was_speaking: bool) -> bool:
        """Whether to report the input to the app. While the agent speaks, input is reported only if the app has asked
        for it, even if the input interrupts the agent."""
        if not was_speaking or kind in self.settings["reportInputDuringAgentSpeech"]:
            return True
        self.call.log.add("note", "not reported to the app: reportInputDuringAgentSpeech does not include " + kind)
        return False

    async def _post_partial_prompts(self, text: str) -> None:
        """Sends increasingly long parts of the prompt while the caller is speaking."""
        parts = list(_growing_parts(text))
        for part in parts:
            await self.call.runtime.clock.sleep(speaking_seconds(text) * self.call.audio.pace / (len(parts) + 1))
            self._post_prompt(part, last=False)

    def _post_prompt(self, text: str, last: bool) -> None:
        self.post({"type": "prompt", "voicePrompt": text, "lang": self.settings.prompt_language, "last": last})

    def _post_speaking(self, value: str) -> None:
        if self.settings.has_event("speaker-events"):
            self.post({"type": "info", "name": "clientSpeaking", "value": value})


def _growing_parts(text: str) -> Iterator[str]:
    """Yields fewer than MAX_PARTIAL_PROMPTS prefixes of whole words, never the full text."""
    words = text.split()
    count = min(len(words), MAX_PARTIAL_PROMPTS)
    for number in range(1, count):
        yield " ".join(words[: len(words) * number // count])
