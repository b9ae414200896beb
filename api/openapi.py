"""The subscriber API's contract written as OpenAPI 3.1, our own webhooks among it."""

import re
from collections.abc import Mapping
from typing import Any

from api.schema import ERROR_RESPONSES, OPERATIONS, PATH_PARAMETERS, Operation
from sending.http.client import VERSION
from sending.webhooks import catalogue

SIGNING_KEY_FIELDS = {"signs": {"enum": ["v1", "v1a"]}, "until": {"type": ["number", "null"]}}


def build_description() -> dict[str, Any]:
    """The whole API as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call and Response: webhook endpoints", "version": VERSION},
        "servers": [{"url": "/api"}],
        "security": [{"token": []}],
        "paths": {path: _build_path(path, operations) for path, operations in OPERATIONS.items()},
        "webhooks": {name: _build_webhook(name) for name in catalogue.CATALOGUE},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _build_path(path: str, operations: Mapping[str, Operation]) -> dict[str, Any]:
    parameters = [_build_parameter(name) for name in re.findall(r"{(\w+)}", path)]
    known = {"parameters": parameters} if parameters else {}
    return known | {method.lower(): _build_operation(operation) for method, operation in operations.items()}


def _build_parameter(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": PATH_PARAMETERS[name]},
    }


def _build_operation(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.about}
    if operation.response_schema:
        good["content"] = {
            "application/json": {"schema": {"$ref": f"#/components/schemas/{operation.response_schema}"}}
        }
    bad = {"schema": {"$ref": "#/components/schemas/Problem"}}
    refusals = {
        status: {"description": words, "content": {"application/problem+json": bad}}
        for status, words in ERROR_RESPONSES.items()
    }
    told: dict[str, Any] = {"operationId": operation.name, "summary": operation.about}
    if operation.takes:
        body = _object_schema(operation.takes, operation.needs) | {"additionalProperties": False}
        told["requestBody"] = {"required": bool(operation.needs), "content": {"application/json": {"schema": body}}}
    return told | {"responses": {str(operation.answers): good, **refusals}}


def _build_webhook(name: str) -> dict[str, Any]:
    schema = {"oneOf": [catalogue.build_schema(name), catalogue.build_schema(name, is_thin=True)]}
    examples = {
        "full": {"value": catalogue.build_example(name)},
        "thin": {"value": catalogue.build_example(name, is_thin=True)},
    }
    body = {"schema": schema, "examples": examples}
    answer = {"2XX": {"description": "taken"}, "410": {"description": "never again, please"}}
    return {"post": {"requestBody": {"content": {"application/json": body}}, "responses": answer}}


def _object_schema(fields: Mapping[str, Any], needs: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(fields), "required": list(needs)}


def _all_required(**fields: dict[str, Any]) -> dict[str, Any]:
    return _object_schema(fields, tuple(fields))


def _array_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


STRING, NUMBER, BOOLEAN = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
STRING_MAP = {"type": "object", "additionalProperties": STRING}
ENDPOINT = _all_required(
    id=STRING,
    url=STRING,
    fallback_url=STRING,
    rate_limit=NUMBER,
    max_concurrency=NUMBER,
    payload_style={"enum": ["full", "thin"]},
    state={"enum": ["enabled", "paused", "disabled"]},
    state_reason=STRING,
    created_at=NUMBER,
    sign_body=BOOLEAN,
    cookies=BOOLEAN,
    event_filter=STRING,
    event_types={"type": "array", "items": STRING},
    headers={"type": "array", "items": STRING},
    keys={"type": "array", "items": _all_required(**SIGNING_KEY_FIELDS)},
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
            {"$ref": "#/components/schemas/Endpoint"},
            {"anyOf": [_all_required(secret=STRING), _all_required(public_key=STRING)]},
        ]
    },
    "EndpointList": _all_required(endpoints=_array_of("Endpoint")),
    "AttemptList": _all_required(attempts=_array_of("Attempt")),
    "Attempt": ATTEMPT,
    "DeadLetterList": _all_required(dead=_array_of("DeadLetter"), count=NUMBER),
    "DeadLetter": _all_required(message=STRING, event_type=STRING, given_up_at=NUMBER),
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
