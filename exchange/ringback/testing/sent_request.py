"""A webhook that was sent to the app in a test, with the app's response, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MAX_PRINTED_CHARACTERS = 200  # of the response body


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
        body = self.body[:MAX_PRINTED_CHARACTERS]
        return f"{self.method} {self.path} ({self.channel}) → {answer} in {self.seconds:.3f} s: {body}"
