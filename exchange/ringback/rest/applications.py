"""The Application resource: TwiML applications."""

from __future__ import annotations

from typing import Any

from ringback.account.applications import TwimlApplication
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.incoming_phone_numbers import update_urls, url_fields
from ringback.rest.list_filters import select
from ringback.rest.paging import page

EVIDENCE = documented("usage/api/applications")


def list_all(request: ApiRequest) -> dict[str, Any]:
    applications = request.state.applications.values()
    rows = select(request, applications, {"FriendlyName": lambda each: each.friendly_name})
    return page(request, "applications", rows, as_resource)


def create(request: ApiRequest) -> dict[str, Any]:
    now = request.state.clock.now()
    application = TwimlApplication(account_sid=request.account, created=now, updated=now)
    update_urls(request, application)
    request.state.applications[application.sid] = application
    return as_resource(application)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_application(request))


def update(request: ApiRequest) -> dict[str, Any]:
    application = _application(request)
    update_urls(request, application)
    return as_resource(application)


def delete(request: ApiRequest) -> None:
    del request.state.applications[_application(request).sid]


def as_resource(application: TwimlApplication) -> dict[str, Any]:
    return url_fields(application) | {
        "public_application_connect_enabled": False,
        "uri": f"/2010-04-01/Accounts/{application.account_sid}/Applications/{application.sid}.json",
    }


def _application(request: ApiRequest) -> TwimlApplication:
    application = request.state.applications.get(request.path("sid"))
    if application is None:
        raise not_found(request.http.path)
    return application
