"""The Key resource: API keys. Only the response to creating a key contains its secret."""

from __future__ import annotations

from typing import Any

from ringback.account.api_keys import ApiKey
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822

EVIDENCE = documented("iam/api-keys")


def list_all(request: ApiRequest) -> dict[str, Any]:
    return page(request, "keys", list(request.state.keys.values()), _resource)


def create(request: ApiRequest) -> dict[str, Any]:
    key = request.state.new_key(request.text("FriendlyName"))
    return _resource(key) | {"secret": key.secret}


def fetch(request: ApiRequest) -> dict[str, Any]:
    return _resource(_key(request))


def update(request: ApiRequest) -> dict[str, Any]:
    key = _key(request)
    key.friendly_name = request.text("FriendlyName", key.friendly_name)
    return _resource(key)


def delete(request: ApiRequest) -> None:
    del request.state.keys[_key(request).sid]


def _resource(key: ApiKey) -> dict[str, Any]:
    date = rfc2822(key.created)
    return {"sid": key.sid, "friendly_name": key.friendly_name, "date_created": date, "date_updated": date}


def _key(request: ApiRequest) -> ApiKey:
    key = request.state.keys.get(request.path("sid"))
    if key is None:
        raise not_found(request.http.path)
    return key
