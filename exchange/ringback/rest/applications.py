"""TwiML applications over REST."""

from __future__ import annotations

from typing import Any

from ringback.account.applications import TwimlApplication
from ringback.rest import webhook_urls
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.list_filters import matches
from ringback.rest.paging import page


def list_all(asked: ApiRequest) -> dict[str, Any]:
    rows = [found for found in asked.state.applications.values() if matches(asked, "FriendlyName", found.friendly_name)]
    return page(asked, "applications", rows, as_resource)


def create(asked: ApiRequest) -> dict[str, Any]:
    now = asked.state.clock.now()
    application = TwimlApplication(account_sid=asked.account, created=now, updated=now)
    webhook_urls.update_urls(asked, application)
    asked.state.applications[application.sid] = application
    return as_resource(application)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return as_resource(_application(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    application = _application(asked)
    webhook_urls.update_urls(asked, application)
    return as_resource(application)


def delete(asked: ApiRequest) -> None:
    del asked.state.applications[_application(asked).sid]


def as_resource(application: TwimlApplication) -> dict[str, Any]:
    return webhook_urls.url_fields(application) | {
        "public_application_connect_enabled": False,
        "uri": f"/2010-04-01/Accounts/{application.account_sid}/Applications/{application.sid}.json",
    }


def _application(asked: ApiRequest) -> TwimlApplication:
    found = asked.state.applications.get(asked.path("sid"))
    if found is None:
        raise not_found(asked.request.path)
    return found
