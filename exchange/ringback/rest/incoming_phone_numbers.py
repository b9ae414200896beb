"""The account's phone numbers over REST, and where their calls and texts go."""

from __future__ import annotations

from typing import Any

from ringback.account.phone_numbers import PhoneNumber, is_e164, normalize_number
from ringback.rest import webhook_urls
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page


def list_all(asked: ApiRequest) -> dict[str, Any]:
    wanted, name = asked.query.get("PhoneNumber", ""), asked.query.get("FriendlyName", "")
    rows = [
        number
        for number in asked.state.numbers.values()
        if wanted.strip().lstrip("+") in number.phone_number and (not name or name == number.friendly_name)
    ]
    return page(asked, "incoming_phone_numbers", rows, as_resource)


def create(asked: ApiRequest) -> dict[str, Any]:
    """Buy one: any number that nobody here has is available."""
    written = asked.text("PhoneNumber")
    phone_number = normalize_number(written) or _in_area(asked, asked.text("AreaCode").strip())
    if not is_e164(phone_number):
        raise RestError(21421, number=written)
    if phone_number in asked.state.numbers:
        raise RestError(21422, number=phone_number)
    number = new_number(asked, phone_number)
    webhook_urls.update_urls(asked, number)
    asked.state.numbers[phone_number] = number
    return as_resource(number)


def new_number(asked: ApiRequest, phone_number: str) -> PhoneNumber:
    now = asked.state.clock.now()
    return PhoneNumber(
        phone_number=phone_number, account_sid=asked.account, created=now, updated=now, friendly_name=phone_number
    )


def _in_area(asked: ApiRequest, area: str) -> str:
    if not (area.isascii() and area.isdigit() and len(area) == 3) or area == "533":
        raise RestError(21452 if area else 21421, why=area, number="")
    for last in range(100, 200):  # 555-0100 to 555-0199 are kept for fiction
        if (number := f"+1{area}5550{last}") not in asked.state.numbers:
            return number
    raise RestError(21452, why=area)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return as_resource(_number(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    number = _number(asked)
    webhook_urls.update_urls(asked, number)
    return as_resource(number)


def delete(asked: ApiRequest) -> None:
    del asked.state.numbers[_number(asked).phone_number]


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


def _number(asked: ApiRequest) -> PhoneNumber:
    for number in asked.state.numbers.values():
        if number.sid == asked.path("sid"):
            return number
    raise not_found(asked.request.path)
