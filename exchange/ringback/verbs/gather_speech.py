"""Speech in Gather: when speech ends, and how it is recognized.

https://www.twilio.com/docs/voice/twiml/gather (2026-11): speechTimeout, speechModel and profanityFilter"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ringback.calls.audio_path import Speech
from ringback.calls.speaking_time import CHARACTERS_PER_SECOND
from ringback.sound.profanity import without_profanity
from ringback.twiml.attribute_values import boolean, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element

MAX_SPEECH_SECONDS = 60
DEFAULT_CONFIDENCE = 0.9  # of recognized speech, unless the tester sets another value
MAX_HINTS, MAX_HINT_CHARACTERS = 500, 100
MODELS = frozenset(
    {
        "default",
        "numbers_and_commands",
        "phone_call",
        "experimental_conversations",
        "experimental_utterances",
        "googlev2_long",
        "googlev2_short",
        "googlev2_telephony",
        "googlev2_telephony_short",
    }
)
DEEPGRAM_MODEL = re.compile(r"deepgram_[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


@dataclass(frozen=True)
class SpeechOptions:
    """`pause_seconds` is the pause that ends the speech, or 0 if any pause ends it (auto)."""

    pause_seconds: int
    max_seconds: int
    filters_profanity: bool

    def recognized(self, speech: Speech) -> Speech:
        """Returns the speech as it is recognized: cut off at maxSpeechTime, and filtered."""
        text = _truncated(speech.text, self.max_seconds)
        return replace(speech, text=without_profanity(text) if self.filters_profanity else text)


def speech_options(session: VoiceSession, element: Element, timeout: int) -> SpeechOptions:
    """Reads the speech attributes. `timeout` is the Gather's timeout, the default of speechTimeout."""
    _check_model(session, element)
    boolean(session, element, "enhanced", False, 13339)  # only chooses a model: no effect here
    boolean(session, element, "debug", False, 13336)
    return SpeechOptions(
        pause_seconds=_pause_seconds(session, element, timeout),
        max_seconds=whole_number(session, element, "maxSpeechTime", MAX_SPEECH_SECONDS, 13328, minimum=1),
        filters_profanity=boolean(session, element, "profanityFilter", True, 13333),
    )


def _pause_seconds(session: VoiceSession, element: Element, timeout: int) -> int:
    if element.get("speechTimeout") == "auto" or (
        element.get("timeout") == "auto" and "speechTimeout" not in element.attributes
    ):
        if element.get("speechTimeout") and element.get("speechModel"):
            session.warn(13335, element, element.get("speechModel"))
        return 0
    return whole_number(session, element, "speechTimeout", timeout, 13327, minimum=1)


def _check_model(session: VoiceSession, element: Element) -> None:
    """Warns about an unknown model and invalid hints. The result is always the typed words, whatever the model."""
    model = element.get("speechModel", "default")
    if model not in MODELS and not DEEPGRAM_MODEL.fullmatch(model):
        session.warn(13334, element, model or "(empty)")
    hints = [hint.strip() for hint in element.get("hints").split(",")]
    if len(hints) > MAX_HINTS:
        session.warn(13330, element, f"there are {len(hints)}")
    elif too_long := next((hint for hint in hints if len(hint) > MAX_HINT_CHARACTERS), ""):
        session.warn(13330, element, f"{too_long[:40]}… has {len(too_long)} characters")


def _truncated(text: str, seconds: int) -> str:
    """Returns as many words of `text` as can be spoken in this time."""
    max_characters = seconds * CHARACTERS_PER_SECOND
    if len(text) <= max_characters:
        return text
    return text[: max_characters + 1].rpartition(" ")[0] or text[:max_characters]
