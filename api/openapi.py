"""The subscriber API's contract written as OpenAPI 3.1, our own webhooks among it."""

import re
from collections.abc import Mapping
from typing import Any

from api.schema import OPERATIONS, PARAMETERS, REFUSALS, Operation
from sending.http.client import VERSION
from sending.webhooks import catalogue

KEY = {"signs": {"enum": ["v1", "v1a"]}, "until": {"type": ["number", "null"]}}


def description() -> dict[str, Any]:
    """The whole API as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call and Response: subscribers", "version": VERSION},
        "servers": [{"url": "/api"}],
        "security": [{"token": []}],
        "paths": {path: _path(path, operations) for path, operations in OPERATIONS.items()},
        "webhooks": {name: _webhook(name) for name in catalogue.CATALOGUE},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SHAPES,
        },
    }


def _path(path: str, operations: Mapping[str, Operation]) -> dict[str, Any]:
    parameters = [_parameter(name) for name in re.findall(r"{(\w+)}", path)]
    known = {"parameters": parameters} if parameters else {}
    return known | {method.lower(): _operation(operation) for method, operation in operations.items()}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": PARAMETERS[name]}}


def _operation(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.about}
    if operation.shape:
        good["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.shape}"}}}
    bad = {"schema": {"$ref": "#/components/schemas/Problem"}}
    refusals = {
        status: {"description": words, "content": {"application/problem+json": bad}}
        for status, words in REFUSALS.items()
    }
    told: dict[str, Any] = {"operationId": operation.name, "summary": operation.about}
    if operation.takes:
        body = _object(operation.takes, operation.needs) | {"additionalProperties": False}
        told["requestBody"] = {"required": bool(operation.needs), "content": {"application/json": {"schema": body}}}
    return told | {"responses": {str(operation.answers): good, **refusals}}


def _webhook(name: str) -> dict[str, Any]:
    schema = {"oneOf": [catalogue.schema(name), catalogue.schema(name, is_thin=True)]}
    examples = {"full": {"value": catalogue.example(name)}, "thin": {"value": catalogue.example(name, is_thin=True)}}
    body = {"schema": schema, "examples": examples}
    answer = {"2XX": {"description": "taken"}, "410": {"description": "never again, please"}}
    return {"post": {"requestBody": {"content": {"application/json": body}}, "responses": answer}}


def _object(fields: Mapping[str, Any], needs: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(fields), "required": list(needs)}


def _whole(**fields: dict[str, Any]) -> dict[str, Any]:
    return _object(fields, tuple(fields))


def _rows(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


STRING, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
STRINGS = {"type": "object", "additionalProperties": STRING}
SUBSCRIBER = _whole(
    id=STRING,
    url=STRING,
    fallback=STRING,
    rate=NUMBER,
    at_once=NUMBER,
    payload={"enum": ["full", "thin"]},
    state={"enum": ["on", "paused", "off"]},
    why=STRING,
    made=NUMBER,
    sign_body=FLAG,
    cookies=FLAG,
    wish_list=STRING,
    kinds={"type": "array", "items": STRING},
    headers={"type": "array", "items": STRING},
    keys={"type": "array", "items": _whole(**KEY)},
)
ATTEMPT = _whole(message=STRING, kind=STRING, tries=NUMBER, at=NUMBER, url=STRING, fallback=FLAG, request=STRINGS) | {
    "additionalProperties": True
}
SHAPES: dict[str, Any] = {
    "Subscriber": SUBSCRIBER,
    "NewKey": {
        "allOf": [
            {"$ref": "#/components/schemas/Subscriber"},
            {"anyOf": [_whole(secret=STRING), _whole(public_key=STRING)]},
        ]
    },
    "Subscribers": _whole(subscribers=_rows("Subscriber")),
    "Attempts": _whole(attempts=_rows("Attempt")),
    "Attempt": ATTEMPT,
    "Dead": _whole(dead=_rows("DeadLetter"), count=NUMBER),
    "DeadLetter": _whole(message=STRING, kind=STRING, given_up=NUMBER),
    "Message": _whole(message=STRING),
    "Recovery": _whole(
        recovery=STRING, state={"enum": ["waiting", "working", "done", "failed"]}, done=NUMBER, total=NUMBER, why=STRING
    ),
    "Event": _whole(type=STRING, timestamp=STRING, data={"type": "object"}),
    "Problem": _whole(type=STRING, status=NUMBER, detail=STRING),
}
