"""The AvailablePhoneNumber resource: numbers that can be bought, all from ranges reserved for use in fiction."""

from __future__ import annotations

from typing import Any

from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.calls import formatted

EVIDENCE = documented("phone-numbers/api/availablephonenumber-resource")

PREFIXES = {"US": "+1{area}55501", "GB": "+441632960"}
DEFAULT_AREA = "212"
MAX_NUMBERS = 50


def search(request: ApiRequest) -> dict[str, Any]:
    """The numbers available in a country (filtered by AreaCode in the US). Countries other than US and GB have none."""
    country = request.path("country").upper()
    area = request.query.get("AreaCode", DEFAULT_AREA)
    is_area_code = area.isascii() and area.isdigit() and len(area) == 3
    prefix = PREFIXES.get(country, "").format(area=area if is_area_code else DEFAULT_AREA)
    digits = 3 if country == "GB" else 2
    size = request.query.get("PageSize", str(MAX_NUMBERS))
    limit = min(int(size), MAX_NUMBERS) if size.isascii() and size.isdigit() and len(size) < 6 else MAX_NUMBERS
    candidates = [f"{prefix}{last:0{digits}}" for last in range(10**digits)] if prefix else []
    rows = [number for number in candidates if number not in request.state.numbers][:limit]
    return {"available_phone_numbers": [_resource(number, country) for number in rows], "uri": request.http.path}


def _resource(number: str, country: str) -> dict[str, Any]:
    return {
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": True, "fax": False},
        "friendly_name": formatted(number),
        "iso_country": country,
        "lata": None,
        "latitude": None,
        "locality": None,
        "longitude": None,
        "phone_number": number,
        "postal_code": None,
        "rate_center": None,
        "region": None,
    }
