"""The webhook URLs of a phone number or a TwiML application.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringback.service.settings import Settings


@dataclass(kw_only=True)
class WebhookUrls:
    """The fields that phone numbers and applications share, with Twilio's names. URLs that are not set are ""."""

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
    voice_caller_id_lookup: bool = False


def app_webhook_urls(settings: Settings, now: datetime) -> dict[str, Any]:
    """The fields of one of the app's numbers, or of its application, from the settings."""
    return {
        "account_sid": settings.account_sid,
        "created": now,
        "updated": now,
        "voice_url": settings.app_url(settings.voice),
        "voice_method": settings.voice_method,
        "voice_fallback_url": settings.app_url(settings.voice_fallback),
        "status_callback": settings.app_url(settings.voice_status),
        "voice_caller_id_lookup": settings.caller_names,
        "sms_url": settings.app_url(settings.sms),
        "sms_method": settings.sms_method,
        "sms_fallback_url": settings.app_url(settings.sms_fallback),
    }
