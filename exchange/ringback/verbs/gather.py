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
    finish: str
    most_digits: int | None
    timeout: float
    longest: int  # seconds of speech
    barge_in: bool
    even_if_empty: bool
    described: dict[str, Any] = field(default_factory=dict)


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
    options = _wanted(session, element)
    prompt = asyncio.create_task(_prompt(session, element))
    try:
        with session.audio.listen({"gather": options.described | {"digits": ""}}) as inbox:
            got = await _collect(session, options, inbox, prompt)
        prompt.cancel()  # nothing listens from here on: a key that comes now is for the next menu
        if got.speech:
            await send_partial_results(session, element, got.speech.text)
    finally:
        prompt.cancel()
        with suppress(asyncio.CancelledError):
            await prompt
    if got.is_empty and not options.even_if_empty:
        return None
    return session.fetch(element.get("action"), method(session, element, 13312), got.parameters())


async def _prompt(session: VoiceSession, element: Element) -> None:
    for child in element.elements():
        if child.name in PROMPTS.split() and not (child.name == "Play" and child.get("digits")):
            await session.perform_one(child)
        else:
            session.warn(13320, child, f"<{child.name}>")


async def _collect(
    session: VoiceSession, options: GatherOptions, inbox: Queue[CallerInput], prompt: asyncio.Task[None]
) -> GatherResult:
    got = GatherResult()
    event = await _first(session, options, inbox, prompt)
    while event is not None:
        match event:
            case Speech() if "speech" in options.kinds and not got.digits:
                got.speech = replace(event, text=_said_within(event.text, options.longest))
                return got
            case KeyPress(digit=digit) if "dtmf" in options.kinds:
                prompt.cancel()
                if digit == options.finish:
                    got.finished_on = digit
                    return got
                got.digits += digit
                session.audio.update_listening({"gather": options.described | {"digits": got.digits}})
                if len(got.digits) == options.most_digits:
                    return got
        event = await _within(session, options.timeout, inbox)
    return got


async def _first(
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
        if _counts(event, options):
            if isinstance(event, Speech) and not options.barge_in:
                await asyncio.wait({prompt})
            return event
    return await _within(session, options.timeout, inbox)


def _said_within(text: str, seconds: int) -> str:
    """The words that can be said in that time."""
    most = seconds * CHARACTERS_PER_SECOND
    return text if len(text) <= most else text[: most + 1].rpartition(" ")[0] or text[:most]


def _counts(event: CallerInput, options: GatherOptions) -> bool:
    kinds = options.kinds
    return (isinstance(event, KeyPress) and "dtmf" in kinds) or (isinstance(event, Speech) and "speech" in kinds)


async def _within(session: VoiceSession, seconds: float, inbox: Queue[CallerInput]) -> CallerInput | None:
    try:
        async with session.state.clock.deadline(seconds):
            return await inbox.get()
    except TimeoutError:
        return None


def _wanted(session: VoiceSession, element: Element) -> GatherOptions:
    kinds = _kinds(session, element)
    timeout = _timeout(session, element)
    most = whole_number(session, element, "numDigits", 0, 13314, least=1) or None
    finish = _finish(session, element)
    if element.get("speechTimeout") != "auto":
        whole_number(session, element, "speechTimeout", timeout, 13335)
    described = {
        "input": kinds,
        "num_digits": most,
        "finish_on_key": finish,
        "timeout": timeout,
        "hints": element.get("hints"),
        "language": element.get("language", "en-US"),
    }
    return GatherOptions(
        kinds=kinds,
        finish=finish,
        most_digits=most,
        timeout=timeout,
        longest=whole_number(session, element, "maxSpeechTime", MAX_SPEECH_SECONDS, 12200, least=1),
        barge_in=boolean(session, element, "bargeIn", True, 12200),
        even_if_empty=boolean(session, element, "actionOnEmptyResult", False, 12200),
        described=described,
    )


def _kinds(session: VoiceSession, element: Element) -> list[str]:
    written = element.get("input", "dtmf").replace(",", " ").split()
    known: list[str] = [kind for kind in ("dtmf", "speech") if kind in written]
    if not known or set(written) - {"dtmf", "speech"}:
        session.warn(13330, element, element.get("input") or "nothing")
    return known or ["dtmf"]


def _timeout(session: VoiceSession, element: Element) -> int:
    if element.get("timeout") == "auto":  # allowed for speech; the words themselves end it here
        return 5
    return whole_number(session, element, "timeout", 5, 13313)


def _finish(session: VoiceSession, element: Element) -> str:
    written = element.get("finishOnKey", "#")
    if len(written) > 1:
        session.warn(13311, element, written)
        return "#"
    if written and written not in KEYS:
        session.warn(13310, element, written)
        return "#"
    return written
