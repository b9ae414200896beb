"""The options of a real-time transcription, from TwiML attributes or REST parameters.

https://www.twilio.com/docs/voice/twiml/transcription (2026-11)"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from dataclasses import dataclass

TRACKS = frozenset({"inbound_track", "outbound_track", "both_tracks"})
DEFAULT_MODELS = {"google": "telephony", "deepgram": "nova-2"}  # by engine
MAX_LABEL_CHARACTERS = 256
NAMES = (
    "name track statusCallbackUrl statusCallbackMethod inboundTrackLabel outboundTrackLabel partialResults "
    "languageCode transcriptionEngine profanityFilter speechModel hints enableAutomaticPunctuation"
)


class InvalidTranscription(ValueError):
    """A value in the configuration is not valid; the message says which."""


@dataclass(frozen=True)
class TranscriptionOptions:
    """`url` is the absolute status callback URL, or "" for none. Labels are "" if not set."""

    name: str
    track: str
    url: str
    method: str
    inbound_label: str
    outbound_label: str
    partial_results: bool
    language: str
    engine: str
    model: str
    filters_profanity: bool
    punctuates: bool

    def provider_configuration(self) -> str:
        """Returns ProviderConfiguration as JSON."""
        return json.dumps(
            {
                "profanityFilter": str(self.filters_profanity).lower(),
                "speechModel": self.model,
                "enableAutomaticPunctuation": str(self.punctuates).lower(),
            }
        )

    def labels(self) -> dict[str, str]:
        labels = {"InboundTrackLabel": self.inbound_label, "OutboundTrackLabel": self.outbound_label}
        return {name: label for name, label in labels.items() if label}

    def listens_to(self, track: str) -> bool:
        return self.track in ("both_tracks", track)


def read_options(value: Callable[[str], str], url: str, method: str) -> TranscriptionOptions:
    """Reads the options. `value` returns the value of a name in NAMES, or "". Raises InvalidTranscription."""
    engine = value("transcriptionEngine").lower() or "google"
    for name in ("name", "inboundTrackLabel", "outboundTrackLabel"):
        if len(value(name)) > MAX_LABEL_CHARACTERS:
            raise InvalidTranscription(f"{name} has more than {MAX_LABEL_CHARACTERS} characters")
    return TranscriptionOptions(
        name=value("name"),
        track=_one_of("track", value("track") or "both_tracks", TRACKS),
        url=url,
        method=method,
        inbound_label=value("inboundTrackLabel"),
        outbound_label=value("outboundTrackLabel"),
        partial_results=_boolean("partialResults", value("partialResults"), False),
        language=value("languageCode") or "en-US",
        engine=_one_of("transcriptionEngine", engine, DEFAULT_MODELS.keys()),
        model=value("speechModel") or DEFAULT_MODELS[engine],
        filters_profanity=_boolean("profanityFilter", value("profanityFilter"), True),
        punctuates=_boolean("enableAutomaticPunctuation", value("enableAutomaticPunctuation"), True),
    )


def _one_of(name: str, value: str, known: Container[str]) -> str:
    if value not in known:
        raise InvalidTranscription(f"{name} cannot be {value[:60]}")
    return value


def _boolean(name: str, value: str, default: bool) -> bool:
    return _one_of(name, value.lower() or str(default).lower(), frozenset({"true", "false"})) == "true"
