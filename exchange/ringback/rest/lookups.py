"""Numbers looked up over REST: lookups.twilio.com, in its second version and its first."""

from __future__ import annotations

from typing import Any

from ringback.account.lookup import LookupResult, look_up
from ringback.account.phone_numbers import normalize_number
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found

CARRIER_NAME = "The local exchange"
NOT_ENABLED = {"error_code": 60606}  # Twilio's number for a package that the account has not
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
    """A number that is none is found too, and `valid` says so. Packages that were not asked for are null."""
    found = _found(request)
    wanted = {name.strip() for name in request.query.get("Fields", "").split(",")}
    return {name: _package(request, found, name) if name in wanted else None for name in PACKAGES} | {
        "calling_country_code": found.calling_code,
        "country_code": found.country,
        "national_format": found.national,
        "phone_number": found.number,
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{found.number}",
        "valid": not found.errors,
        "validation_errors": list(found.errors),
    }


def fetch_v1(request: ApiRequest) -> dict[str, Any]:
    """The first version finds valid numbers only."""
    found = _found(request)
    if found.errors:
        raise not_found(request.http.path)
    wanted = request.query.getall("Type", [])
    return {
        "add_ons": None,
        "caller_name": _caller(request, found) if "caller-name" in wanted else None,
        "carrier": _carrier(found) | {"name": CARRIER_NAME} if "carrier" in wanted else None,
        "country_code": found.country,
        "national_format": found.national,
        "phone_number": found.number,
        "url": f"https://lookups.twilio.com/v1/PhoneNumbers/{found.number}",
    }


def _found(request: ApiRequest) -> LookupResult:
    return look_up(
        request.state, normalize_number(request.path("number"))[:64], request.query.get("CountryCode", "").upper()[:2]
    )


def _package(request: ApiRequest, found: LookupResult, name: str) -> dict[str, Any]:
    if name == "caller_name":
        return _caller(request, found)
    if name == "line_type_intelligence":
        return _carrier(found) | {"carrier_name": CARRIER_NAME if found.line else None}
    return dict(NOT_ENABLED)


def _caller(request: ApiRequest, found: LookupResult) -> dict[str, Any]:
    """A handset is called by its name."""
    handset = request.state.handsets.get(found.number)
    name = handset.name if handset else ""
    return {"caller_name": name or None, "caller_type": "CONSUMER" if name else None, "error_code": None}


def _carrier(found: LookupResult) -> dict[str, Any]:
    return {"type": found.line, "mobile_country_code": None, "mobile_network_code": None, "error_code": None}
