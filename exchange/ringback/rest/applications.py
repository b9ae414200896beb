"""TwiML applications over REST."""

from __future__ import annotations

from typing import Any

from ringback.account.applications import Application
from ringback.rest import webhook_urls
from ringback.rest.api_request import Asked
from ringback.rest.errors import not_found
from ringback.rest.list_filters import equals
from ringback.rest.paging import page


def list_all(asked: Asked) -> dict[str, Any]:
    rows = [found for found in asked.state.applications.values() if equals(asked, "FriendlyName", found.friendly_name)]
    return page(asked, "applications", rows, as_resource)


def create(asked: Asked) -> dict[str, Any]:
    now = asked.state.clock.now()
    application = Application(account_sid=asked.account, created=now, updated=now)
    webhook_urls.change(asked, application)
    asked.state.applications[application.sid] = application
    return as_resource(application)


def fetch(asked: Asked) -> dict[str, Any]:
    return as_resource(_application(asked))


def update(asked: Asked) -> dict[str, Any]:
    application = _application(asked)
    webhook_urls.change(asked, application)
    return as_resource(application)


def delete(asked: Asked) -> None:
    del asked.state.applications[_application(asked).sid]


def as_resource(application: Application) -> dict[str, Any]:
    return webhook_urls.shown(application) | {
        "public_application_connect_enabled": False,
        "uri": f"/2010-04-01/Accounts/{application.account_sid}/Applications/{application.sid}.json",
    }


def _application(asked: Asked) -> Application:
    found = asked.state.applications.get(asked.path("sid"))
    if found is None:
        raise not_found(asked.request.path)
    return found
