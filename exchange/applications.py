"""TwiML applications: addresses under one sid, for numbers and calls to share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from exchange.sids import new_sid


@dataclass
class Application:
    """Field names are Twilio's."""

    account_sid: str
    created: datetime
    updated: datetime
    friendly_name: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sms_status_callback: str = ""
    message_status_callback: str = ""
    sid: str = field(default_factory=lambda: new_sid("AP"))
