"""What a phone in a test has received: texts, their media files, and the sound of media streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
