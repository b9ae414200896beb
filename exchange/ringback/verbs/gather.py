"""Gather: plays a prompt and collects digits or speech.

https://www.twilio.com/docs/voice/twiml/gather (2026-11)"""

from __future__ import annotations

import asyncio
from asyncio import Queue
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ringback.calls.audio_path import CallerInput, KeyPress, Speech
from ringback.evidence import documented
from ringback.twiml.attribute_values import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.gather_partial_results import PartialResults
from ringback.verbs.gather_speech import DEFAULT_CONFIDENCE, SpeechOptions, speech_options
from ringback.verbs.registry import verb

ATTRIBUTES = (
    "input action method timeout speechTimeout maxSpeechTime numDigits finishOnKey partialResultCallback "
    "partialResultCallbackMethod language hints bargeIn profanityFilter speechModel enhanced actionOnEmptyResult "
    "debug"
)
KEYS = set("0123456789*#")
PROMPTS = "Say Play Pause"
DEFAULT_TIMEOUT_SECONDS = 5


@dataclass
class GatherOptions:
    """The attributes of the element. `listening_details` describe them to the handset."""

    element: Element
    input_types: list[str]  # "dtmf", "speech" or both
    finish_on_key: str
    max_digits: int | None
    timeout: float  # seconds
    speech: SpeechOptions
    barge_in: bool
    action_on_empty_result: bool
    listening_details: dict[str, Any] = field(default_factory=dict)


@dataclass
class GatherResult:
    """The collected digits and the key that finished them, or the collected speech."""

    digits: str = ""
    finished_on: str = ""
    speech: Speech | None = None

    @property
    def is_empty(self) -> bool:
        return not self.digits and self.speech is None

    def parameters(self) -> dict[str, str]:
        if self.speech:
            confidence = DEFAULT_CONFIDENCE if self.speech.confidence is None else self.speech.confidence
            return {"SpeechResult": self.speech.text, "Confidence": f"{confidence:.7f}".rstrip("0").rstrip(".")}
        return {"Digits": self.digits, "FinishedOnKey": self.finished_on, "msg": "Gather End"}


@verb(
    "Gather",
    documented("voice/twiml/gather"),
    attributes=ATTRIBUTES,
    children=PROMPTS,
    without_effect="speechModel enhanced debug",
)
async def gather(session: VoiceSession, element: Element) -> Outcome:
    """Returns the action with the input, or None to run the next verb if there was no input."""
    options = _options(session, element)
    prompt = asyncio.create_task(_prompt(session, element))
    try:
        with session.audio.listen({"gather": options.listening_details | {"digits": ""}}) as inbox:
            result = await _collect(session, options, inbox, prompt)
        prompt.cancel()  # the Gather has ended, so the caller's next key belongs to the next document
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
            session.warn(13320, child, f"<{child.name}>" if child.name != "Play" else "<Play digits>")


async def _collect(
    session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], prompt: asyncio.Task[None]
) -> GatherResult:
    result = GatherResult()
    event = await _first_input(session, options, inbox, prompt)
    while event is not None:
        match event:
            case Speech():
                prompt.cancel()
                result.speech = await _hear_out(session, options, inbox, event)
                return result
            case KeyPress(digit=digit):
                prompt.cancel()
                options = replace(options, input_types=["dtmf"])  # the first kind of input wins
                if digit == options.finish_on_key:
                    result.finished_on = digit
                    return result
                result.digits += digit
                session.audio.update_listening({"gather": options.listening_details | {"digits": result.digits}})
                if len(result.digits) == options.max_digits:
                    return result
        event = await _next_input(session, options, inbox)
    return result


async def _first_input(
    session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], prompt: asyncio.Task[None]
) -> CallerInput | None:
    """Returns the first input during the prompt or within the timeout after it, or None."""
    while True:
        receiving = asyncio.create_task(inbox.get())
        try:
            await asyncio.wait({receiving, prompt}, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                prompt.result()
                break
            event = receiving.result()
        finally:
            receiving.cancel()
        if _is_accepted(event, options):
            if isinstance(event, Speech) and not options.barge_in:
                await asyncio.wait({prompt})
            return event
    return await _next_input(session, options, inbox)


async def _hear_out(session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], first: Speech) -> Speech:
    """Returns all speech until the caller pauses for speechTimeout. Keys that are pressed meanwhile are ignored.

    The pause, like speech itself, is scaled by the pace."""
    speech, more = options.speech.recognized(first), True
    partial = PartialResults(session, options.element)
    while more:
        heard = options.listening_details | {"digits": "", "speech": speech.text}
        session.audio.update_listening({"gather": heard})
        await partial.send(speech.text)
        following = await _following_speech(session, options.speech.pause_seconds * session.audio.pace, inbox)
        more = following is not None
        if following:
            speech = options.speech.recognized(replace(speech, text=f"{speech.text} {following.text}"))
    return speech


async def _following_speech(session: VoiceSession, seconds: float, inbox: Queue[CallerInput]) -> Speech | None:
    """Returns the next speech, or None if there is none within the pause."""
    event: CallerInput | None = None
    with suppress(TimeoutError):
        async with session.state.clock.deadline(seconds):
            while seconds and not isinstance(event, Speech):
                event = await inbox.get()
    return event if isinstance(event, Speech) else None


def _is_accepted(event: CallerInput, options: GatherOptions) -> bool:
    match event:
        case KeyPress():
            return "dtmf" in options.input_types
        case Speech():
            return "speech" in options.input_types
    return False


async def _next_input(session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput]) -> CallerInput | None:
    """Returns the next key or speech that the Gather accepts, or None. Other input does not extend the timeout."""
    try:
        async with session.state.clock.deadline(options.timeout):
            while not _is_accepted(event := await inbox.get(), options):
                pass
            return event
    except TimeoutError:
        return None


def _options(session: VoiceSession, element: Element) -> GatherOptions:
    input_types = _input_types(session, element)
    timeout = _timeout(session, element)
    max_digits = whole_number(session, element, "numDigits", 0, 13314, minimum=1) or None
    finish_on_key = _finish_key(session, element)
    speech = speech_options(session, element, timeout)
    listening_details = {
        "input": input_types,
        "num_digits": max_digits,
        "finish_on_key": finish_on_key,
        "timeout": timeout,
        "speech_timeout": speech.pause_seconds or "auto",
        "hints": element.get("hints"),
        "language": element.get("language", "en-US"),
    }
    return GatherOptions(
        element=element,
        input_types=input_types,
        finish_on_key=finish_on_key,
        max_digits=max_digits,
        timeout=timeout,
        speech=speech,
        barge_in=boolean(session, element, "bargeIn", True, 13332),
        action_on_empty_result=boolean(session, element, "actionOnEmptyResult", False, 13338),
        listening_details=listening_details,
    )


def _input_types(session: VoiceSession, element: Element) -> list[str]:
    words = element.get("input", "dtmf").replace(",", " ").split()
    valid: list[str] = [name for name in ("dtmf", "speech") if name in words]
    if not valid or set(words) - {"dtmf", "speech"}:
        session.warn(12200, element, f"Gather: input cannot be {element.get('input') or '(empty)'}")
    return valid or ["dtmf"]


def _timeout(session: VoiceSession, element: Element) -> int:
    if element.get("timeout") == "auto":  # valid for speech, where the end of the speech ends the Gather
        return DEFAULT_TIMEOUT_SECONDS
    return whole_number(session, element, "timeout", DEFAULT_TIMEOUT_SECONDS, 13313)


def _finish_key(session: VoiceSession, element: Element) -> str:
    key = element.get("finishOnKey", "#")
    if len(key) > 1:
        session.warn(13311, element, key)
        return "#"
    if key and key not in KEYS:
        session.warn(13310, element, key)
        return "#"
    return key
