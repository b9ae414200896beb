"""The account's phone numbers over REST, and where their calls and texts go."""

from __future__ import annotations

from typing import Any

from exchange.dates import rfc2822
from exchange.numbers import Number, is_number, tidy
from exchange.rest import checks
from exchange.rest.door import Asked
from exchange.rest.errors import RestError, not_found
from exchange.rest.paging import page

URLS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
    "StatusCallback": "status_callback",
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


def list_all(asked: Asked) -> dict[str, Any]:
    wanted, name = asked.query.get("PhoneNumber", ""), asked.query.get("FriendlyName", "")
    rows = [
        number
        for number in asked.board.numbers.values()
        if wanted.strip().lstrip("+") in number.phone_number and (not name or name == number.friendly_name)
    ]
    return page(asked, "incoming_phone_numbers", rows, as_resource)


def create(asked: Asked) -> dict[str, Any]:
    """Buy one: any number that nobody here has is available."""
    written = asked.text("PhoneNumber")
    phone_number = tidy(written) or _in_area(asked, asked.text("AreaCode").strip())
    if not is_number(phone_number):
        raise RestError(21421, number=written)
    if phone_number in asked.board.numbers:
        raise RestError(21422, number=phone_number)
    now = asked.board.clock.now()
    number = Number(phone_number, asked.account, now, now, friendly_name=phone_number)
    _change(asked, number)
    asked.board.numbers[phone_number] = number
    return as_resource(number)


def _in_area(asked: Asked, area: str) -> str:
    if not (area.isascii() and area.isdigit() and len(area) == 3) or area == "533":
        raise RestError(21452 if area else 21421, why=area, number="")
    for last in range(100, 200):  # 555-0100 to 555-0199 are kept for fiction
        if (number := f"+1{area}5550{last}") not in asked.board.numbers:
            return number
    raise RestError(21452, why=area)


def fetch(asked: Asked) -> dict[str, Any]:
    return as_resource(_number(asked))


def update(asked: Asked) -> dict[str, Any]:
    number = _number(asked)
    _change(asked, number)
    number.updated = asked.board.clock.now()
    return as_resource(number)


def _change(asked: Asked, number: Number) -> None:
    given = {name: checks.url(asked, parameter, 21402) for parameter, name in URLS.items() if asked.has(parameter)}
    given |= {
        name: checks.method(asked, parameter, 21403) for parameter, name in METHODS.items() if asked.has(parameter)
    }
    given |= {name: asked.text(parameter) for parameter, name in TEXTS.items() if asked.has(parameter)}
    if given.get("voice_fallback_url") and not (given.get("voice_url", number.voice_url)):
        raise RestError(21405)
    if given.get("sms_fallback_url") and not (given.get("sms_url", number.sms_url)):
        raise RestError(21406)
    for name, value in given.items():
        setattr(number, name, value)
    number.voice_caller_id_lookup = checks.truth(asked, "VoiceCallerIdLookup", number.voice_caller_id_lookup)


def delete(asked: Asked) -> None:
    del asked.board.numbers[_number(asked).phone_number]


def as_resource(number: Number) -> dict[str, Any]:
    return {
        "account_sid": number.account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.friendly_name,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": number.sms_application_sid,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url,
        "status": "in-use",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "subresource_uris": {},
        "trunk_sid": None,
        "type": None,
        "uri": f"/2010-04-01/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_application_sid": number.voice_application_sid,
        "voice_caller_id_lookup": number.voice_caller_id_lookup,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_method": number.voice_method,
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url or None,
    }


def _number(asked: Asked) -> Number:
    for number in asked.board.numbers.values():
        if number.sid == asked.path("sid"):
            return number
    raise not_found(asked.request.path)
