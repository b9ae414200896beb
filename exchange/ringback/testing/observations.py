"""What a test sees of the app: its answers to webhooks, its texts, and the alerts that it has caused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class SentRequest:
    """A webhook that was sent to the app, and the app's response.

    `channel` is voice, sms, voice-status or sms-status. `status` is 0 and `error` Twilio's error code if there was no
    usable response; `body` holds its first 2,000 bytes. `seconds` is how long the app took."""

    channel: str
    method: str
    url: str
    parameters: dict[str, str]
    status: int
    body: str
    seconds: float
    error: int | None
    sid: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> SentRequest:
        fields = {name: found[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"parameters": dict(found["parameters"])})

    def __str__(self) -> str:
        answer = f"error {self.error}" if self.error else str(self.status)
        return f"{self.method} {self.path} ({self.channel}) → {answer} in {self.seconds:.3f} s: {self.body[:200]}"


@dataclass(frozen=True)
class DebuggerAlert:
    """An error or a warning that Twilio would report: `code` is Twilio's, `fix` says how to correct the mistake."""

    code: int
    level: str
    message: str
    fix: str
    sid: str | None

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> DebuggerAlert:
        return cls(found["code"], found["level"], found["message"], found["mend"], found["sid"])

    def __str__(self) -> str:
        return f"{self.level} {self.code}: {self.message}. {self.fix}"


@dataclass(frozen=True)
class ReceivedMedia:
    """A media file of a text. `content()` downloads it."""

    url: str
    content_type: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class ReceivedText:
    """A text that a phone has received."""

    sid: str
    sender: str
    body: str
    media: tuple[ReceivedMedia, ...]

    def __str__(self) -> str:
        return " ".join([self.body, *(f"[{each.content_type}]" for each in self.media)]).strip()


@dataclass(frozen=True)
class HeardSound:
    """A stretch of what an app has played over a media stream. `content()` downloads it as a WAV file."""

    seconds: float
    interrupted: bool
    content: Callable[[], bytes]
