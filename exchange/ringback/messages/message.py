"""A message and its status.

Source: https://www.twilio.com/docs/messaging/api/message-resource (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ringback.messages.segments import segment_count
from ringback.service.dates import iso8601_milliseconds
from ringback.service.media import Media
from ringback.service.sids import new_sid

SENDER_UNDECIDED = ("accepted", "scheduled")  # statuses before a Messaging Service has chosen the sender


@dataclass(eq=False)
class Message:
    """One message. `handset` is the person's number, in either direction; `status` is Twilio's MessageStatus."""

    account: str
    from_: str
    to: str
    body: str
    direction: str  # inbound, outbound-api, outbound-call, outbound-reply
    handset: str
    created: datetime
    status: str = "queued"
    media_urls: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    callback: str = ""
    callback_method: str = "POST"
    error_code: int | None = None
    error_message: str | None = None
    sent: datetime | None = None
    updated: datetime | None = None
    service: str | None = None  # SID of the Messaging Service that chooses the sender
    is_redacted: bool = False  # the REST API has removed the body; the phone keeps it
    is_template: bool = False  # its body comes from a template (ContentSid)
    hidden: bool = False  # not the app's (a Verify code, or between handsets), so the REST API does not list it
    sid: str = ""

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid("MM" if self.media_urls or self.media else "SM")
        self.updated = self.created

    @property
    def num_media(self) -> int:
        return len(self.media) or len(self.media_urls)

    @property
    def num_segments(self) -> int:
        return 1 if self.num_media or ":" in self.to else segment_count(self.body)  # only SMS has segments

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def is_in_transit(self) -> bool:
        return self.status in ("scheduled", "accepted", "queued", "sent")

    def as_json(self) -> dict[str, Any]:
        """The message from the handset's point of view, as the handset API returns it."""
        return {
            "sid": self.sid,
            "handset": self.handset,
            "direction": "sent" if self.is_inbound else "received",
            "from": self.from_,
            "to": self.to,
            "body": self.body,
            "media": [media.as_json() for media in self.media],
            "status": self.status,
            "error_code": self.error_code,
            "at": iso8601_milliseconds(self.created),
        }
