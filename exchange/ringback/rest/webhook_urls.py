"""The webhook URL parameters and fields that phone numbers and applications share.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource (2026-11)"""

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
FALLBACK_ERRORS = {"voice": 21405, "sms": 21406}  # a fallback URL requires the URL that it replaces


def update_urls(request: ApiRequest, resource: WebhookUrls) -> None:
    """Set the fields for which the request has parameters. If any is invalid, raises RestError and changes nothing."""
    changes: dict[str, Any] = {
        field: parameters.url(request, name, 21402) for name, field in URLS.items() if request.has(name)
    }
    changes |= {field: parameters.method(request, name, 21403) for name, field in METHODS.items() if request.has(name)}
    changes |= {field: request.text(name) for name, field in TEXTS.items() if request.has(name)}
    for kind, code in FALLBACK_ERRORS.items():
        if changes.get(f"{kind}_fallback_url") and not changes.get(f"{kind}_url", getattr(resource, f"{kind}_url")):
            raise RestError(code)
    for field, value in changes.items():
        if hasattr(resource, field):
            setattr(resource, field, value)
    looks_up = resource.voice_caller_id_lookup
    resource.voice_caller_id_lookup = parameters.boolean(request, "VoiceCallerIdLookup", looks_up)
    resource.updated = request.state.clock.now()


def url_fields(resource: WebhookUrls) -> dict[str, Any]:
    """The fields as JSON, with dates in Twilio's format."""
    fields = asdict(resource)
    dates = {f"date_{name}": rfc2822(fields.pop(name)) for name in ("created", "updated")}
    return fields | dates | {"api_version": "2010-04-01"}
