"""A webhook request, its response, and the headers of every request; signature.py and cookies.py add further headers.

https://www.twilio.com/docs/usage/webhooks/webhooks-faq (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_RESPONSE_BYTES = 64 * 1024
USER_AGENT = "TwilioProxy/1.1"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Webhook:
    """A request to send. `cookie_jar` is the name of its cookie jar; `sid` is that of the call or message.

    `channel` is one of faults.CHANNELS. `body_seconds` is how long the body takes to send (fault webhook-slow)."""

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
    """A response. If there was no usable response, `error` is Twilio's error code and `detail` explains it.

    `url` is the URL of the document, without the parameters that a GET request appends, but with its user and password.
    `status` is 0 if there was no response at all. `seconds` is how long the request took."""

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
        """The response as the debugger shows it, with at most 4,000 bytes of its body."""
        text = self.body[:4000].decode("utf-8", "replace")
        return {"status": self.status, "headers": self.headers, "body": text, "seconds": round(self.seconds, 3)}


def request_headers(method: str, is_voice: bool, idempotency_token: str) -> dict[str, str]:
    """Returns the headers of a request; only a POST has a Content-Type."""
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "I-Twilio-Idempotency-Token": idempotency_token,
        "X-Home-Region": "us1",
    }
    if method == "POST":
        headers["Content-Type"] = FORM + ("; charset=UTF-8" if is_voice else "")
    return headers
