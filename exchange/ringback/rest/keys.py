"""API keys over REST: further logins, whose secrets are told once."""

from __future__ import annotations

from typing import Any

from ringback.account.api_keys import ApiKey
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822


def list_all(asked: ApiRequest) -> dict[str, Any]:
    return page(asked, "keys", list(asked.state.keys.values()), _resource)


def create(asked: ApiRequest) -> dict[str, Any]:
    key = asked.state.new_key(asked.text("FriendlyName"))
    return _resource(key) | {"secret": key.secret}


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return _resource(_key(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    key = _key(asked)
    key.friendly_name = asked.text("FriendlyName", key.friendly_name)
    return _resource(key)


def delete(asked: ApiRequest) -> None:
    del asked.state.keys[_key(asked).sid]


def _resource(key: ApiKey) -> dict[str, Any]:
    date = rfc2822(key.created)
    return {"sid": key.sid, "friendly_name": key.friendly_name, "date_created": date, "date_updated": date}


def _key(asked: ApiRequest) -> ApiKey:
    key = asked.state.keys.get(asked.path("sid"))
    if key is None:
        raise not_found(asked.request.path)
    return key
