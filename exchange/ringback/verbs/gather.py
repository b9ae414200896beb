"""Gather: a prompt, and the keys or words that answer it."""

from __future__ import annotations

import asyncio
from asyncio import Queue
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ringback.calls.audio_path import CHARACTERS_PER_SECOND, CallerInput, KeyPress, Speech
from ringback.twiml.attributes import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.gather_partial_results import send_partial_results
from ringback.verbs.registry import verb

ATTRIBUTES = (
    "input action method timeout speechTimeout maxSpeechTime numDigits finishOnKey partialResultCallback "
    "partialResultCallbackMethod language hints bargeIn profanityFilter speechModel enhanced actionOnEmptyResult "
    "debug"
)
KEYS = set("0123456789*#")
PROMPTS = "Say Play Pause"
MAX_SPEECH_SECONDS = 60  # seconds


@dataclass
class GatherOptions:
    """What the element asks for."""

    kinds: list[str]
    finish_on_key: str
    max_digits: int | None
    timeout: float
    max_speech_seconds: int  # seconds of speech
    barge_in: bool
    action_on_empty_result: bool
    listening_details: dict[str, Any] = field(default_factory=dict)


@dataclass
class GatherResult:
    """What came: digits and the key that finished them, or words."""

    digits: str = ""
    finished_on: str = ""
    speech: Speech | None = None

    @property
    def is_empty(self) -> bool:
        return not self.digits and self.speech is None

    def parameters(self) -> dict[str, str]:
        if self.speech:
            confidence = self.speech.confidence if self.speech.confidence is not None else 0.9
            return {"SpeechResult": self.speech.text, "Confidence": f"{confidence:.7f}".rstrip("0").rstrip(".")}
        return {"Digits": self.digits, "FinishedOnKey": self.finished_on, "msg": "Gather End"}


@verb(
    "Gather",
    attributes=ATTRIBUTES,
    children=PROMPTS,
    without_effect="speechTimeout profanityFilter speechModel enhanced debug",
)
async def gather(session: VoiceSession, element: Element) -> Outcome:
    """Input leads to the action; without any, the document goes on."""
    options = _options(session, element)
    prompt = asyncio.create_task(_prompt(session, element))
    try:
        with session.audio.listen({"gather": options.listening_details | {"digits": ""}}) as inbox:
            result = await _collect(session, options, inbox, prompt)
        prompt.cancel()  # nothing listens from here on: a key that comes now is for the next menu
        if result.speech:
            await send_partial_results(session, element, result.speech.text)
    finally:
        prompt.cancel()
        with suppress(asyncio.CancelledError):
            await prompt
    if result.is_empty and not options.action_on_empty_result:
        return None
    return session.fetch(element.get("action"), method(session, element, 13312), result.parameters())


async def _prompt(session: VoiceSession, element: Element) -> None:
    for child in element.elements():
        if child.name in PROMPTS.split() and not (child.name == "Play" and child.get("digits")):
            await session.run_nested_verb(child)
        else:
            session.warn(13320, child, f"<{child.name}>")


async def _collect(
    session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], prompt: asyncio.Task[None]
) -> GatherResult:
    result = GatherResult()
    event = await _first_input(session, options, inbox, prompt)
    while event is not None:
        match event:
            case Speech() if "speech" in options.kinds and not result.digits:
                result.speech = replace(event, text=_truncated_speech(event.text, options.max_speech_seconds))
                return result
            case KeyPress(digit=digit) if "dtmf" in options.kinds:
                prompt.cancel()
                if digit == options.finish_on_key:
                    result.finished_on = digit
                    return result
                result.digits += digit
                session.audio.update_listening({"gather": options.listening_details | {"digits": result.digits}})
                if len(result.digits) == options.max_digits:
                    return result
        event = await _next_input(session, options.timeout, inbox)
    return result


async def _first_input(
    session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], prompt: asyncio.Task[None]
) -> CallerInput | None:
    """The first thing the person does, during the prompt or within the timeout after it."""
    while True:
        coming = asyncio.create_task(inbox.get())
        try:
            await asyncio.wait({coming, prompt}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                prompt.result()
                break
            event = coming.result()
        finally:
            coming.cancel()
        if _is_wanted(event, options):
            if isinstance(event, Speech) and not options.barge_in:
                await asyncio.wait({prompt})
            return event
    return await _next_input(session, options.timeout, inbox)


def _truncated_speech(text: str, seconds: int) -> str:
    """The words that can be said in that time."""
    most = seconds * CHARACTERS_PER_SECOND
    return text if len(text) <= most else text[: most + 1].rpartition(" ")[0] or text[:most]


def _is_wanted(event: CallerInput, options: GatherOptions) -> bool:
    kinds = options.kinds
    return (isinstance(event, KeyPress) and "dtmf" in kinds) or (isinstance(event, Speech) and "speech" in kinds)


async def _next_input(session: VoiceSession, seconds: float, inbox: Queue[CallerInput]) -> CallerInput | None:
    try:
        async with session.state.clock.deadline(seconds):
            return await inbox.get()
    except TimeoutError:
        return None


def _options(session: VoiceSession, element: Element) -> GatherOptions:
    kinds = _input_kinds(session, element)
    timeout = _timeout(session, element)
    most = whole_number(session, element, "numDigits", 0, 13314, minimum=1) or None
    finish_on_key = _finish_key(session, element)
    if element.get("speechTimeout") != "auto":
        whole_number(session, element, "speechTimeout", timeout, 13335)
    listening_details = {
        "input": kinds,
        "num_digits": most,
        "finish_on_key": finish_on_key,
        "timeout": timeout,
        "hints": element.get("hints"),
        "language": element.get("language", "en-US"),
    }
    return GatherOptions(
        kinds=kinds,
        finish_on_key=finish_on_key,
        max_digits=most,
        timeout=timeout,
        max_speech_seconds=whole_number(session, element, "maxSpeechTime", MAX_SPEECH_SECONDS, 12200, minimum=1),
        barge_in=boolean(session, element, "bargeIn", True, 12200),
        action_on_empty_result=boolean(session, element, "actionOnEmptyResult", False, 12200),
        listening_details=listening_details,
    )


def _input_kinds(session: VoiceSession, element: Element) -> list[str]:
    written = element.get("input", "dtmf").replace(",", " ").split()
    known: list[str] = [kind for kind in ("dtmf", "speech") if kind in written]
    if not known or set(written) - {"dtmf", "speech"}:
        session.warn(13330, element, element.get("input") or "nothing")
    return known or ["dtmf"]


def _timeout(session: VoiceSession, element: Element) -> int:
    if element.get("timeout") == "auto":  # allowed for speech; the words themselves end it here
        return 5
    return whole_number(session, element, "timeout", 5, 13313)


def _finish_key(session: VoiceSession, element: Element) -> str:
    written = element.get("finishOnKey", "#")
    if len(written) > 1:
        session.warn(13311, element, written)
        return "#"
    if written and written not in KEYS:
        session.warn(13310, element, written)
        return "#"
    return written
