"""The Content resource of content.twilio.com: message templates."""

from __future__ import annotations

import json
from typing import Any

from ringback.account.message_templates import Template
from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601

EVIDENCE = documented("content/content-api-resources")


async def create(request: ApiRequest) -> dict[str, Any]:
    fields = await _json(request)
    types, variables = fields.get("types"), fields.get("variables") or {}
    if not isinstance(types, dict) or not types or not all(isinstance(each, dict) for each in types.values()):
        raise RestError(20001, message='types must be an object, such as {"twilio/text": {"body": "Hello {{1}}"}}')
    if not isinstance(variables, dict):
        raise RestError(20001, message='variables must be an object, such as {"1": "Ada"}')
    template = Template(
        request.account,
        str(fields.get("friendly_name") or ""),
        str(fields.get("language") or "en"),
        {str(name): str(value) for name, value in variables.items()},
        types,
        request.state.clock.now(),
    )
    request.state.templates[template.sid] = template
    return as_resource(request, template)


async def _json(request: ApiRequest) -> dict[str, Any]:
    try:
        fields = json.loads(await request.http.read())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise RestError(20001, message="The body must be a JSON object")
    return fields


def list_all(request: ApiRequest) -> dict[str, Any]:
    rows = list(reversed(request.state.templates.values()))
    return page_with_meta(request, "contents", rows, lambda template: as_resource(request, template))


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(request, _template(request))


def delete(request: ApiRequest) -> None:
    del request.state.templates[_template(request).sid]


def as_resource(request: ApiRequest, template: Template) -> dict[str, Any]:
    url = f"{request.http.url.origin()}/v1/Content/{template.sid}"
    return {
        "account_sid": template.account,
        "date_created": iso8601(template.created),
        "date_updated": iso8601(template.created),
        "friendly_name": template.friendly_name,
        "language": template.language,
        "links": {"approval_fetch": f"{url}/ApprovalRequests", "approval_create": f"{url}/ApprovalRequests/whatsapp"},
        "sid": template.sid,
        "types": template.types,
        "url": url,
        "variables": template.variables,
    }


def _template(request: ApiRequest) -> Template:
    template = request.state.templates.get(request.path("sid"))
    if template is None:
        raise not_found(request.http.path)
    return template
