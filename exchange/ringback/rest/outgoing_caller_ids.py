"""The OutgoingCallerId resource: verified caller IDs. The option --verified creates them."""

from __future__ import annotations

from typing import Any

from ringback.account.caller_ids import CallerId
from ringback.account.phone_numbers import normalize_number
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822

EVIDENCE = documented("voice/api/outgoing-caller-ids")


def list_all(request: ApiRequest) -> dict[str, Any]:
    wanted = normalize_number(request.query.get("PhoneNumber", ""))
    named = select(request, request.state.caller_ids.values(), {"FriendlyName": lambda row: row.friendly_name})
    rows = [row for row in named if wanted in ("", row.phone_number)]
    return page(request, "outgoing_caller_ids", rows, _resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(_caller_id(request))


def update(request: ApiRequest) -> dict[str, Any]:
    caller_id = _caller_id(request)
    caller_id.friendly_name = request.text("FriendlyName", caller_id.friendly_name)
    caller_id.updated = request.state.clock.now()
    return _resource(caller_id)


def delete(request: ApiRequest) -> None:
    del request.state.caller_ids[_caller_id(request).phone_number]


def _resource(caller_id: CallerId) -> dict[str, Any]:
    return {
        "account_sid": caller_id.account,
        "date_created": rfc2822(caller_id.created),
        "date_updated": rfc2822(caller_id.updated),
        "friendly_name": caller_id.friendly_name,
        "phone_number": caller_id.phone_number,
        "sid": caller_id.sid,
        "uri": f"/2010-04-01/Accounts/{caller_id.account}/OutgoingCallerIds/{caller_id.sid}.json",
    }


def _caller_id(request: ApiRequest) -> CallerId:
    for caller_id in request.state.caller_ids.values():
        if caller_id.sid == request.path("sid"):
            return caller_id
    raise not_found(request.http.path)
