"""The IncomingPhoneNumber resource: buy phone numbers and set their webhook URLs."""

from __future__ import annotations

from typing import Any

from ringback.account.phone_numbers import PhoneNumber, is_e164, normalize_number
from ringback.evidence import documented
from ringback.rest import webhook_urls
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page

EVIDENCE = documented("phone-numbers/api/incomingphonenumber-resource")


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
    webhook_urls.update_urls(request, number)
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
    webhook_urls.update_urls(request, number)
    return as_resource(number)


def delete(request: ApiRequest) -> None:
    del request.state.numbers[_number(request).phone_number]


def as_resource(number: PhoneNumber) -> dict[str, Any]:
    return webhook_urls.url_fields(number) | {
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
