"""The IncomingPhoneNumber resource: buy phone numbers and set their webhook URLs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ringback.account.phone_numbers import PhoneNumber, is_e164, normalize_number
from ringback.account.webhook_urls import WebhookUrls
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822

EVIDENCE = documented("phone-numbers/api/incomingphonenumber-resource")
# Parameters and the fields that they set, which applications have too.
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


def list_all(request: ApiRequest) -> dict[str, Any]:
    digits = request.query.get("PhoneNumber", "").strip().lstrip("+")
    numbers = [number for number in request.state.numbers.values() if digits in number.phone_number]
    rows = select(request, numbers, {"FriendlyName": lambda number: number.friendly_name})
    return page(request, "incoming_phone_numbers", rows, as_resource)


def create(request: ApiRequest) -> dict[str, Any]:
    """Buy a number. Any number that the account does not already own is available."""
    requested = request.text("PhoneNumber")
    phone_number = normalize_number(requested) or _number_in_area(request, request.text("AreaCode").strip())
    if not is_e164(phone_number):
        raise RestError(21421, number=requested)
    if phone_number in request.state.numbers:
        raise RestError(21422, number=phone_number)
    number = new_number(request, phone_number)
    update_urls(request, number)
    request.state.numbers[phone_number] = number
    return as_resource(number)


def new_number(request: ApiRequest, phone_number: str) -> PhoneNumber:
    now = request.state.clock.now()
    return PhoneNumber(
        phone_number=phone_number, account_sid=request.account, created=now, updated=now, friendly_name=phone_number
    )


def _number_in_area(request: ApiRequest, area: str) -> str:
    if not (area.isascii() and area.isdigit() and len(area) == 3) or area == "533":
        raise RestError(21452 if area else 21421, detail=area, number="")
    for last in range(100, 200):  # 555-0100 to 555-0199 are reserved for use in fiction
        if (number := f"+1{area}5550{last}") not in request.state.numbers:
            return number
    raise RestError(21452, detail=area)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_number(request))


def update(request: ApiRequest) -> dict[str, Any]:
    number = _number(request)
    update_urls(request, number)
    return as_resource(number)


def delete(request: ApiRequest) -> None:
    del request.state.numbers[_number(request).phone_number]


def as_resource(number: PhoneNumber) -> dict[str, Any]:
    return url_fields(number) | {
        "address_requirements": "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "status": "in-use",
        "subresource_uris": {},
        "trunk_sid": None,
        "type": None,
        "uri": f"/2010-04-01/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url or None,
    }


def _number(request: ApiRequest) -> PhoneNumber:
    for number in request.state.numbers.values():
        if number.sid == request.path("sid"):
            return number
    raise not_found(request.http.path)


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
