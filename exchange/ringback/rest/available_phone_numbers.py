"""Numbers that could be bought: those the world keeps for fiction."""

from __future__ import annotations

from typing import Any

from ringback.rest.api_request import ApiRequest
from ringback.rest.calls import formatted

PREFIXES = {"US": "+1{area}55501", "GB": "+441632960"}
DEFAULT_AREA = "212"
MAX_NUMBERS = 50


def search(request: ApiRequest) -> dict[str, Any]:
    """Free numbers of a country, for North America in the wished area code."""
    country = request.path("country").upper()
    area = request.query.get("AreaCode", DEFAULT_AREA)
    prefix = PREFIXES.get(country, "").format(
        area=area if area.isascii() and area.isdigit() and len(area) == 3 else "212"
    )
    digits = 3 if country == "GB" else 2
    wanted = request.query.get("PageSize", str(MAX_NUMBERS))
    most = min(int(wanted), MAX_NUMBERS) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else MAX_NUMBERS
    free = [f"{prefix}{last:0{digits}}" for last in range(10**digits)] if prefix else []
    rows = [number for number in free if number not in request.state.numbers][:most]
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
