"""TwiML applications over REST."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from exchange.applications import Application
from exchange.dates import rfc2822
from exchange.rest import checks
from exchange.rest.door import Asked
from exchange.rest.errors import not_found
from exchange.rest.filters import equals
from exchange.rest.numbers import METHODS, URLS
from exchange.rest.paging import page

MORE_URLS = {"SmsStatusCallback": "sms_status_callback", "MessageStatusCallback": "message_status_callback"}


def list_all(asked: Asked) -> dict[str, Any]:
    rows = [found for found in asked.board.applications.values() if equals(asked, "FriendlyName", found.friendly_name)]
    return page(asked, "applications", rows, as_resource)


def create(asked: Asked) -> dict[str, Any]:
    now = asked.board.clock.now()
    application = Application(asked.account, now, now)
    _change(asked, application)
    asked.board.applications[application.sid] = application
    return as_resource(application)


def fetch(asked: Asked) -> dict[str, Any]:
    return as_resource(_application(asked))


def update(asked: Asked) -> dict[str, Any]:
    application = _application(asked)
    _change(asked, application)
    application.updated = asked.board.clock.now()
    return as_resource(application)


def delete(asked: Asked) -> None:
    del asked.board.applications[_application(asked).sid]


def _change(asked: Asked, application: Application) -> None:
    for parameter, name in (URLS | MORE_URLS).items():
        if asked.has(parameter):
            setattr(application, name, checks.url(asked, parameter, 21402))
    for parameter, name in METHODS.items():
        if asked.has(parameter):
            setattr(application, name, checks.method(asked, parameter, 21403))
    if asked.has("FriendlyName"):
        application.friendly_name = asked.text("FriendlyName")


def as_resource(application: Application) -> dict[str, Any]:
    shown = asdict(application)
    created, updated = shown.pop("created"), shown.pop("updated")
    return shown | {
        "api_version": "2010-04-01",
        "date_created": rfc2822(created),
        "date_updated": rfc2822(updated),
        "public_application_connect_enabled": False,
        "uri": f"/2010-04-01/Accounts/{application.account_sid}/Applications/{application.sid}.json",
        "voice_caller_id_lookup": False,
    }


def _application(asked: Asked) -> Application:
    found = asked.board.applications.get(asked.path("sid"))
    if found is None:
        raise not_found(asked.request.path)
    return found
