"""One webhook: the request to make, and the answer that came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_RESPONSE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Webhook:
    """A request to send. `channel` is voice, sms, status (callbacks) or media; `cookie_jar` names its jar of cookies.

    `body_seconds` are seconds that its body takes on its way, drop by drop."""

    url: str
    method: str = "POST"
    parameters: tuple[tuple[str, str], ...] = ()
    channel: str = "voice"
    cookie_jar: str = ""
    sid: str = ""
    max_bytes: int = MAX_RESPONSE_BYTES
    body_seconds: float = 0.0


@dataclass
class WebhookResponse:
    """What came of it. `error` is Twilio's number when nothing usable came, and `why` says more."""

    url: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    error: int | None = None
    detail: str = ""
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or None
        return None

    def as_json(self) -> dict[str, Any]:
        """As the debugger shows it."""
        text = self.body[:4000].decode("utf-8", "replace")
        return {"status": self.status, "headers": self.headers, "body": text, "seconds": round(self.seconds, 3)}
