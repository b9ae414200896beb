"""The settings of a ConversationRelay session, with their defaults: TwiML sets them, and messages can change them.

Source: https://www.twilio.com/docs/voice/twiml/connect/conversationrelay and twilio-python 9.13.0 (2026-11-26)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ringback.relay.field_validation import (
    LANGUAGE_FIELDS,
    MAX_LANGUAGES,
    MODES,
    InvalidValue,
    boolean,
    choice,
    events,
    hint_list,
    language_tag,
    modes,
    number,
    text,
)
from ringback.twiml.parser import Element

DEFAULT_LANGUAGE = "en-US"
SAY_VOICES = ("alice", "man", "woman")
DEEPGRAM_MODELS = ("nova", "flux", "base", "enhanced", "whisper")
INVALID_ARGUMENT = 64106


@dataclass(frozen=True)
class SettingType:
    """A setting: its parser, its default, whether a config message can change it, and whether it has an effect here."""

    parse: Callable[[object], Any]
    default: Any = ""
    changeable: bool = False
    has_effect: bool = False


ANY, NONE = frozenset(MODES["any"]), frozenset[str]()
NORMALIZATION = choice("on", "auto", "off")
SETTINGS: dict[str, SettingType] = {
    "interruptible": SettingType(modes, ANY, True, True),
    "preemptible": SettingType(boolean, False, True, True),
    "dtmfDetection": SettingType(boolean, False, True, True),
    "reportInputDuringAgentSpeech": SettingType(modes, NONE, True, True),
    "partialPrompts": SettingType(boolean, False, True, True),
    "welcomeGreeting": SettingType(text, "", False, True),
    "welcomeGreetingInterruptible": SettingType(modes, ANY, False, True),
    "language": SettingType(language_tag, "", False, True),
    "ttsLanguage": SettingType(language_tag, "", False, True),
    "transcriptionLanguage": SettingType(language_tag, "", False, True),
    "ttsProvider": SettingType(choice("Google", "Amazon", "ElevenLabs", "Deepgram"), "", False, True),
    "voice": SettingType(text, "", False, True),
    "transcriptionProvider": SettingType(choice("Google", "Deepgram"), "", False, True),
    "speechModel": SettingType(text, "", False, True),
    "debug": SettingType(events, NONE, False, True),
    "events": SettingType(events, NONE, False, True),
    "applicationReconnect": SettingType(boolean, False, False, True),
    "hints": SettingType(hint_list, "", True, True),
    "speechTimeout": SettingType(number(600, 5000, "auto"), "auto", True),
    "echoPromptFiltering": SettingType(boolean, False, True),
    "interruptSensitivity": SettingType(choice("low", "medium", "high"), "high", True),
    "ignoreBackchannel": SettingType(boolean, False, True),
    "profanityFilter": SettingType(boolean, False, True),
    "eotThreshold": SettingType(number(0, 1), "", True),
    "eagerEotThreshold": SettingType(number(0.3, 0.9)),
    "partialPromptOnHangup": SettingType(boolean, False),
    "turnDetection": SettingType(boolean, False),
    "backgroundNoiseReduction": SettingType(text),
    "deepgramSmartFormat": SettingType(boolean, True),
    "asrSmartFormat": SettingType(boolean, False),
    "ttsTextNormalization": SettingType(NORMALIZATION),
    "ttsLanguageTextNormalization": SettingType(text),
    "elevenlabsTextNormalization": SettingType(NORMALIZATION, "off"),
    "elevenlabsLanguageTextNormalization": SettingType(text),
    "includeInPrompt": SettingType(choice("turn-state", "prompt-segments")),
    "customerName": SettingType(text),
    "intelligenceService": SettingType(text),
    "conversationConfiguration": SettingType(text),
}


def session_settings() -> dict[str, Callable[[object], Any]]:
    """The parsers of the settings that a config message can change."""
    return {name: setting.parse for name, setting in SETTINGS.items() if setting.changeable}


@dataclass
class RelaySettings:
    """The session's settings by attribute name, the settings of each language by its code, and custom parameters."""

    values: dict[str, Any] = field(default_factory=dict)
    languages: dict[str, dict[str, str]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name, SETTINGS[name].default)

    def has_event(self, name: str) -> bool:
        """Whether the app has subscribed to these info messages, through either of the two attributes."""
        return name in self["events"] | self["debug"]

    @property
    def tts_language(self) -> str:
        return str(self["ttsLanguage"] or self["language"] or DEFAULT_LANGUAGE)

    @property
    def prompt_language(self) -> str:
        """The language of a prompt. With automatic detection ("multi"), the primary subtag of the default language.

        Source: https://www.twilio.com/docs/voice/twiml/connect/conversationrelay (2026-11)"""
        language = str(self["transcriptionLanguage"] or self["language"] or DEFAULT_LANGUAGE)
        return DEFAULT_LANGUAGE.partition("-")[0] if language == "multi" else language

    def voice_for(self, language: str) -> str:
        return self.languages.get(language, {}).get("voice", "") or str(self["voice"])

    def switch_language(self, tts: str, transcription: str) -> None:
        """Changes the languages; "" leaves a language unchanged."""
        self.values |= {"ttsLanguage": tts} if tts else {}
        self.values |= {"transcriptionLanguage": transcription} if transcription else {}

    def update(self, values: dict[str, Any], languages: dict[str, dict[str, str]]) -> None:
        """Changes settings, and the settings of languages. Discards the oldest languages if there are too many."""
        self.values |= values
        for code, language in languages.items():
            self.languages[code] = self.languages.get(code, {}) | language
        while len(self.languages) > MAX_LANGUAGES:
            del self.languages[next(iter(self.languages))]

    def provider_error(self) -> str:
        """Returns why the providers, voices and models are incompatible, or ""."""
        own = {name: str(self[name]) for name in LANGUAGE_FIELDS.split() if name in self.values}
        for settings in (own, *({**own, **language} for language in self.languages.values())):
            if error := _provider_error(settings):
                return error
        return ""


def _provider_error(settings: dict[str, str]) -> str:
    voice, model = settings.get("voice", ""), settings.get("speechModel", "").lower()
    provider = settings.get("transcriptionProvider", "").lower()
    if voice.startswith(("Polly.", "Google.")) or voice in SAY_VOICES:
        return f"{voice} is a voice of <Say>; use a name such as Joanna-Neural or en-US-Journey-O"
    is_deepgram_model = model.startswith(DEEPGRAM_MODELS)
    if model and ((provider == "deepgram" and not is_deepgram_model) or (provider == "google" and is_deepgram_model)):
        return f"{settings['speechModel']} is not a speech model of {settings['transcriptionProvider']}"
    return ""


def settings_of(noun: Element) -> tuple[RelaySettings, list[tuple[Element, str]]]:
    """Returns the settings in the noun, and each mistake with its element. An invalid value has no effect."""
    settings, mistakes = RelaySettings(), list[tuple[Element, str]]()
    for name, value in noun.attributes.items():
        if name not in SETTINGS:
            continue  # schema_validation.py reports it
        try:
            settings.values[name] = SETTINGS[name].parse(value)
        except InvalidValue as error:
            mistakes.append((noun, f"{name} {error}, not {value[:100] or '(empty)'}"))
    for child in noun.elements():
        mistakes += [(child, mistake) for mistake in _read_child(settings, child)]
    return settings, mistakes


def _read_child(settings: RelaySettings, child: Element) -> Iterator[str]:
    if child.name == "Parameter":
        if not child.get("name"):
            yield "Parameter requires a name"
        else:
            settings.parameters[child.get("name")] = child.get("value")
    elif child.name == "Language":
        try:
            code = language_tag(child.get("code"))
        except InvalidValue as error:
            yield f"Language: code {error}, not {child.get('code')[:100] or '(empty)'}"
        else:
            settings.languages[code] = {name: value for name, value in child.attributes.items() if name != "code"}
