"""Addresses over REST: the parameters that numbers and applications share, and how they are shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ringback.account.webhook_urls import WebhookUrls
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError
from ringback.service.dates import rfc2822

URLS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
    "StatusCallback": "status_callback",
    "SmsStatusCallback": "sms_status_callback",
    "MessageStatusCallback": "message_status_callback",
}
METHODS = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "voice_fallback_method",
    "SmsMethod": "sms_method",
    "SmsFallbackMethod": "sms_fallback_method",
    "StatusCallbackMethod": "status_callback_method",
}
TEXTS = {
    "FriendlyName": "friendly_name",
    "VoiceApplicationSid": "voice_application_sid",
    "SmsApplicationSid": "sms_application_sid",
}
FALLBACKS = {"voice": 21405, "sms": 21406}  # refused where there is nothing to fall back from


def update_urls(request: ApiRequest, addresses: WebhookUrls) -> None:
    """Set what was sent and is known there; refused as a whole, if anything of it is wrong."""
    given: dict[str, Any] = {
        name: parameters.url(request, sent, 21402) for sent, name in URLS.items() if request.has(sent)
    }
    given |= {name: parameters.method(request, sent, 21403) for sent, name in METHODS.items() if request.has(sent)}
    given |= {name: request.text(sent) for sent, name in TEXTS.items() if request.has(sent)}
    for kind, code in FALLBACKS.items():
        if given.get(f"{kind}_fallback_url") and not given.get(f"{kind}_url", getattr(addresses, f"{kind}_url")):
            raise RestError(code)
    for name, value in given.items():
        if hasattr(addresses, name):
            setattr(addresses, name, value)
    looked_up = addresses.voice_caller_id_lookup
    addresses.voice_caller_id_lookup = parameters.boolean(request, "VoiceCallerIdLookup", looked_up)
    addresses.updated = request.state.clock.now()


def url_fields(addresses: WebhookUrls) -> dict[str, Any]:
    """The fields as they are, and the dates as REST writes them."""
    fields = asdict(addresses)
    dates = {f"date_{name}": rfc2822(fields.pop(name)) for name in ("created", "updated")}
    return fields | dates | {"api_version": "2010-04-01"}
