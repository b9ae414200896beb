"""The Lookup API (lookups.twilio.com), versions 1 and 2: the country, format, line type and validity of a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ringback.account.phone_numbers import normalize_number
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.state import State

EVIDENCE = documented("lookup/v2-api")
CARRIER_NAME = "The local exchange"
NOT_ENABLED = {"error_code": 60606}  # package not enabled for the account
PACKAGES = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_type_intelligence",
    "line_status",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)
# Ofcom reserves these for fiction, so phonenumbers rejects them. That library accepts 555-01xx numbers.
FICTIONAL_NUMBERS = re.compile(r"\+44(7700900|1632960)[0-9]{3}")
LENGTH_ERRORS = {1: "INVALID_COUNTRY_CODE", 2: "TOO_SHORT", 3: "TOO_LONG"}


def fetch(request: ApiRequest) -> dict[str, Any]:
    """Version 2. An invalid number is not an error: `valid` is false. A package that is not in Fields is null."""
    result = _look_up(request)
    fields = {name.strip() for name in request.query.get("Fields", "").split(",")}
    return {name: _package(request, result, name) if name in fields else None for name in PACKAGES} | {
        "calling_country_code": result.calling_code,
        "country_code": result.country,
        "national_format": result.national,
        "phone_number": result.number,
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{result.number}",
        "valid": not result.errors,
        "validation_errors": list(result.errors),
    }


def fetch_v1(request: ApiRequest) -> dict[str, Any]:
    """Version 1. An invalid number gets a 404."""
    result = _look_up(request)
    if result.errors:
        raise not_found(request.http.path)
    types = request.query.getall("Type", [])
    return {
        "add_ons": None,
        "caller_name": _caller_name(request, result) if "caller-name" in types else None,
        "carrier": _carrier(result) | {"name": CARRIER_NAME} if "carrier" in types else None,
        "country_code": result.country,
        "national_format": result.national,
        "phone_number": result.number,
        "url": f"https://lookups.twilio.com/v1/PhoneNumbers/{result.number}",
    }


def _look_up(request: ApiRequest) -> LookupResult:
    country = request.query.get("CountryCode", "").upper()[:2]
    return look_up(request.state, normalize_number(request.path("number"))[:64], country)


def _package(request: ApiRequest, result: LookupResult, name: str) -> dict[str, Any]:
    if name == "caller_name":
        return _caller_name(request, result)
    if name == "line_type_intelligence":
        return _carrier(result) | {"carrier_name": CARRIER_NAME if result.line else None}
    return dict(NOT_ENABLED)


def _caller_name(request: ApiRequest, result: LookupResult) -> dict[str, Any]:
    """The caller name, which is the handset's name."""
    handset = request.state.handsets.get(result.number)
    name = handset.name if handset else ""
    return {"caller_name": name or None, "caller_type": "CONSUMER" if name else None, "error_code": None}


def _carrier(result: LookupResult) -> dict[str, Any]:
    return {"type": result.line, "mobile_country_code": None, "mobile_network_code": None, "error_code": None}


@dataclass(frozen=True)
class LookupResult:
    """`errors` are Twilio's validation errors; the number is valid if there are none. `line` is the line type."""

    number: str
    calling_code: str | None = None
    country: str | None = None
    national: str | None = None
    line: str | None = None
    errors: tuple[str, ...] = ()


def look_up(state: State, text: str, country: str) -> LookupResult:
    """Look up a number in E.164 format or in the national format of `country`.

    The numbers of handsets and the account's numbers are always valid."""
    import phonenumbers  # imported here, because loading its tables takes 0.2 seconds

    try:
        parsed = phonenumbers.parse(text, country or "US")
    except phonenumbers.NumberParseException as error:
        bad_country = error.error_type == error.INVALID_COUNTRY_CODE and text.startswith("+")
        return LookupResult(text, errors=("INVALID_COUNTRY_CODE" if bad_country else "NOT_A_NUMBER",))
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    fields: dict[str, Any] = {
        "calling_code": str(parsed.country_code),
        "country": phonenumbers.region_code_for_number(parsed) or _main_country(phonenumbers, parsed),
        "national": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
    }
    if code := _validation_error(state, phonenumbers, parsed, number):
        return LookupResult(number, fields["calling_code"], fields["country"], errors=(code,))
    return LookupResult(number, **fields, line=_line_type(phonenumbers, parsed))


def _main_country(phonenumbers: Any, parsed: Any) -> str:
    """The main country of a shared calling code, for a number that is valid in none of the countries that share it."""
    return str(phonenumbers.region_code_for_country_code(parsed.country_code))


def _validation_error(state: State, phonenumbers: Any, parsed: Any, number: str) -> str | None:
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return LENGTH_ERRORS.get(reason, "INVALID_LENGTH")
    is_accepted = number in state.handsets or number in state.numbers or FICTIONAL_NUMBERS.fullmatch(number)
    return None if is_accepted or phonenumbers.is_valid_number(parsed) else "INVALID_BUT_POSSIBLE"


def _line_type(phonenumbers: Any, parsed: Any) -> str:
    """Twilio's line type. Numbers that could be mobile count as mobile, since every handset here receives messages."""
    types = phonenumbers.PhoneNumberType
    names = {
        types.FIXED_LINE: "landline",
        types.TOLL_FREE: "tollFree",
        types.PREMIUM_RATE: "premium",
        types.SHARED_COST: "sharedCost",
        types.VOIP: "nonFixedVoip",
        types.PERSONAL_NUMBER: "personal",
        types.PAGER: "pager",
        types.UAN: "uan",
        types.VOICEMAIL: "voicemail",
    }
    return names.get(phonenumbers.number_type(parsed), "mobile")
