"""The Address resource. Addresses are stored but not checked, and no number requires one."""

from __future__ import annotations

from typing import Any

from ringback.account.addresses import Address
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822

EVIDENCE = documented("usage/api/address")
MAX_CHARACTERS = 500
REQUIRED = {
    "CustomerName": "customer_name",
    "Street": "street",
    "City": "city",
    "Region": "region",
    "PostalCode": "postal_code",
    "IsoCountry": "iso_country",
}
OPTIONAL = {"FriendlyName": "friendly_name", "StreetSecondary": "street_secondary"}


def list_all(request: ApiRequest) -> dict[str, Any]:
    filters = {name: REQUIRED | OPTIONAL for name in ("CustomerName", "FriendlyName", "IsoCountry")}
    exact = {name: lambda row, field=fields[name]: str(getattr(row, field)) for name, fields in filters.items()}
    return page(request, "addresses", select(request, reversed(request.state.addresses.values()), exact), _resource)


def create(request: ApiRequest) -> dict[str, Any]:
    now = request.state.clock.now()
    if missing := [name for name in REQUIRED if not request.text(name).strip()]:
        raise RestError(20001, message=f"The parameter {missing[0]} is required")
    address = Address(account=request.account, created=now, updated=now)
    _update(request, address)
    request.state.addresses[address.sid] = address
    return _resource(address)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(_address(request))


def update(request: ApiRequest) -> dict[str, Any]:
    address = _address(request)
    _update(request, address)
    return _resource(address)


def delete(request: ApiRequest) -> None:
    del request.state.addresses[_address(request).sid]


def _update(request: ApiRequest, address: Address) -> None:
    country = request.text("IsoCountry", address.iso_country).strip().upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise RestError(20001, message="IsoCountry must be a code of two letters, such as GB")
    for name, field in (REQUIRED | OPTIONAL).items():
        if request.has(name):
            setattr(address, field, request.text(name)[:MAX_CHARACTERS])
    address.iso_country = country
    address.emergency_enabled = parameters.boolean(request, "EmergencyEnabled", address.emergency_enabled)
    address.updated = request.state.clock.now()


def _resource(address: Address) -> dict[str, Any]:
    return {field: getattr(address, field) for field in (REQUIRED | OPTIONAL).values()} | {
        "account_sid": address.account,
        "date_created": rfc2822(address.created),
        "date_updated": rfc2822(address.updated),
        "emergency_enabled": address.emergency_enabled,
        "sid": address.sid,
        "uri": f"/2010-04-01/Accounts/{address.account}/Addresses/{address.sid}.json",
        "validated": False,
        "verified": False,
    }


def _address(request: ApiRequest) -> Address:
    address = request.state.addresses.get(request.path("sid"))
    if address is None:
        raise not_found(request.http.path)
    return address
