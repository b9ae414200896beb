"""The Account resource."""

from __future__ import annotations

from typing import Any

from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.paging import page

EVIDENCE = documented("iam/api/account")

DATE_CREATED = "Tue, 01 Jan 2019 00:00:00 +0000"


def list_all(request: ApiRequest) -> dict[str, Any]:
    return page(request, "accounts", [request.account], _resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(request.account)


def _resource(account: str) -> dict[str, Any]:
    """The resource. Unlike Twilio's, it does not contain the auth token."""
    path = f"/2010-04-01/Accounts/{account}"
    return {
        "auth_token": "",
        "date_created": DATE_CREATED,
        "date_updated": DATE_CREATED,
        "friendly_name": "The local exchange",
        "owner_account_sid": account,
        "sid": account,
        "status": "active",
        "subresource_uris": {"calls": f"{path}/Calls.json", "messages": f"{path}/Messages.json"},
        "type": "Full",
        "uri": f"{path}.json",
    }
