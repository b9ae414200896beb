"""The Lookup API (lookups.twilio.com), versions 1 and 2."""

from __future__ import annotations

from typing import Any

from ringback.account.lookup import LookupResult, look_up
from ringback.account.phone_numbers import normalize_number
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found

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
    """Version 1. An invalid number leads to a 404."""
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
