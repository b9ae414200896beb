"""TwiML applications: webhook URLs that several numbers and calls share.

https://www.twilio.com/docs/usage/api/applications (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringback.account.webhook_urls import WebhookUrls
from ringback.service.sids import new_sid


@dataclass(kw_only=True)
class TwimlApplication(WebhookUrls):
    """A TwiML application. Its URLs take precedence over those of a number that uses it."""

    sms_status_callback: str = ""
    message_status_callback: str = ""
    sid: str = field(default_factory=lambda: new_sid("AP"))
