"""The OpenAPI 3.1 description of our webhooks and of the endpoint API, whose operations come from api/routes.py."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sending.http.client import VERSION
from sending.json_validation import Schema
from sending.webhooks import event_schemas
from sending.webhooks.endpoints.endpoint_options import OPTIONS

Fields = Mapping[str, Schema]
"""The fields of a JSON object: name -> schema."""


@dataclass(frozen=True)
class Operation:
    """One operation. `response_schema` names a schema in the OpenAPI description; "" means an empty response."""

    name: str
    summary: str
    status: int = 200
    response_schema: str = "Endpoint"
    body_fields: Fields = field(default_factory=dict)
    required: tuple[str, ...] = ()


Operations = Mapping[str, Mapping[str, Operation]]
"""Path -> method -> operation."""


def build_description(
    operations: Operations, path_parameters: Mapping[str, str], error_responses: Mapping[str, str]
) -> dict[str, Any]:
    """Return the complete OpenAPI description. `path_parameters` maps names to regular expressions."""
    parameters = {
        name: {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in path_parameters.items()
    }
    problem = {"application/problem+json": {"schema": _reference("Problem")}}
    errors = {status: {"description": text, "content": problem} for status, text in error_responses.items()}
    paths = {}
    for path, by_method in operations.items():
        described = {method.lower(): _build_operation(each, errors) for method, each in by_method.items()}
        found = [parameters[name] for name in re.findall(r"{(\w+)}", path)]
        paths[path] = ({"parameters": found} if found else {}) | described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call and Response: webhook endpoints", "version": VERSION},
        "servers": [{"url": "/api"}],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {name: _build_webhook(name) for name in event_schemas.CATALOGUE},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _build_operation(operation: Operation, errors: Mapping[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": operation.summary}
    if operation.response_schema:
        success["content"] = {"application/json": {"schema": _reference(operation.response_schema)}}
    described: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    if operation.body_fields:
        body = _object_schema(operation.body_fields, operation.required) | {"additionalProperties": False}
        content = {"application/json": {"schema": body}}
        described["requestBody"] = {"required": bool(operation.required), "content": content}
    return described | {"responses": {str(operation.status): success, **errors}}


def _build_webhook(name: str) -> dict[str, Any]:
    schema = {"oneOf": [event_schemas.build_schema(name), event_schemas.build_schema(name, is_thin=True)]}
    examples = {
        "full": {"value": event_schemas.build_example(name)},
        "thin": {"value": event_schemas.build_example(name, is_thin=True)},
    }
    body = {"schema": schema, "examples": examples}
    responses = {"2XX": {"description": "accepted"}, "410": {"description": "disable this endpoint"}}
    return {"post": {"requestBody": {"content": {"application/json": body}}, "responses": responses}}


def _object_schema(fields: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(fields), "required": list(required)}


def _all_required(**fields: Any) -> dict[str, Any]:
    return _object_schema(fields, tuple(fields))


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _array_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


STRING, NUMBER, BOOLEAN = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
STRING_MAP = {"type": "object", "additionalProperties": STRING}
SIGNING_KEY = _all_required(scheme={"enum": ["v1", "v1a"]}, expires_at={"type": ["number", "null"]})
ENDPOINT = _all_required(
    id=STRING,
    state={"enum": ["enabled", "paused", "disabled"]},
    state_reason=STRING,
    created_at=NUMBER,
    **{name: option.schema for name, option in OPTIONS.items() if not option.is_secret},
    headers=_array_of(STRING) | {"description": "the names of the headers"},
    keys=_array_of(SIGNING_KEY),
)
ATTEMPT = _all_required(
    message=STRING,
    event_type=STRING,
    attempt_number=NUMBER,
    time=NUMBER,
    url=STRING,
    used_fallback=BOOLEAN,
    request_headers=STRING_MAP,
) | {"additionalProperties": True}
SCHEMAS: dict[str, Any] = {
    "Endpoint": ENDPOINT,
    "NewKey": {
        "allOf": [
            _reference("Endpoint"),
            {"anyOf": [_all_required(secret=STRING), _all_required(public_key=STRING)]},
        ]
    },
    "EndpointList": _all_required(endpoints=_array_of(_reference("Endpoint"))),
    "Attempt": ATTEMPT,
    "AttemptList": _all_required(attempts=_array_of(_reference("Attempt"))),
    "DeadLetter": _all_required(message=STRING, event_type=STRING, given_up_at=NUMBER),
    "DeadLetterList": _all_required(dead=_array_of(_reference("DeadLetter")), count=NUMBER),
    "Message": _all_required(message=STRING),
    "Recovery": _all_required(
        recovery=STRING,
        state={"enum": ["waiting", "working", "done", "failed"]},
        done=NUMBER,
        total=NUMBER,
        reason=STRING,
    ),
    "Event": _all_required(type=STRING, timestamp=STRING, data={"type": "object"}),
    "Problem": _all_required(type=STRING, status=NUMBER, detail=STRING),
}
