"""What the subscriber API takes and answers: one table, from which its OpenAPI description and its checks are made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sending import catalogue
from sending.http import VERSION
from sending.subscribers import AT_ONCE_MOST, HEADERS_MOST, KIND

TEXT: dict[str, Any] = {"type": "string", "maxLength": 2048}
WISHES: Mapping[str, dict[str, Any]] = {
    "url": {**TEXT, "minLength": 1, "description": "where to send: an https address"},
    "kinds": {
        "type": "array",
        "maxItems": 100,
        "items": {"type": "string", "maxLength": 200, "pattern": f"^{KIND.pattern}$"},
        "description": "event types, or families such as text.*; none means all",
    },
    "fallback": {**TEXT, "description": "tried when the address cannot be reached"},
    "authorization": {**TEXT, "description": "the whole Authorization header of our requests"},
    "headers": {"type": "object", "maxProperties": HEADERS_MOST, "additionalProperties": TEXT},
    "rate": {"type": "integer", "minimum": 0, "maximum": 1000, "description": "requests a second; 0 means any"},
    "at_once": {"type": "integer", "minimum": 1, "maximum": AT_ONCE_MOST},
    "sign_body": {
        "type": "boolean",
        "description": "adds X-Hub-Signature-256: HMAC-SHA256 of the body alone, keyed by the secret as it is written",
    },
    "cookies": {"type": "boolean", "description": "sends back the cookies that the address sets"},
}
PRIVATE = {"private": {"type": "boolean", "description": "true makes an ed25519 key, and answers its public half"}}
MESSAGE = {"message": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_]+$"}}
KEY = {"signs": {"enum": ["v1", "v1a"]}, "until": {"type": ["number", "null"]}}


@dataclass(frozen=True)
class Operation:
    """One thing the API does. `takes` are the fields of its JSON body, `needs` those that must be there."""

    name: str
    about: str
    answers: int = 200
    shape: str = "Subscriber"
    takes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/subscribers": {
        "GET": Operation("list", "Every subscriber, the oldest first", shape="Subscribers"),
        "POST": Operation("create", "A new subscriber, and its secret, once", 201, "NewKey", WISHES, ("url",)),
    },
    "/subscribers/{id}": {
        "GET": Operation("fetch", "One subscriber"),
        "PATCH": Operation("update", "Change what is given, and leave the rest", takes=WISHES),
        "DELETE": Operation("delete", "Forget it, and what was to be sent to it", 204, ""),
    },
    "/subscribers/{id}/rotate": {
        "POST": Operation("rotate", "A new key; the present ones sign for a day more", 200, "NewKey", PRIVATE)
    },
    "/subscribers/{id}/pause": {"POST": Operation("pause", "Send nothing; what happens meanwhile waits")},
    "/subscribers/{id}/resume": {"POST": Operation("resume", "Send again, with a clean slate")},
    "/subscribers/{id}/attempts": {"GET": Operation("attempts", "The newest hundred attempts", shape="Attempts")},
    "/subscribers/{id}/resend": {
        "POST": Operation("resend", "Send this message once more", 202, "Message", MESSAGE, ("message",))
    },
}
REFUSALS = {
    "400": "The body is no JSON",
    "401": "The token is missing or wrong",
    "404": "There is no such thing",
    "405": "Not by this method",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "The body asks for what we do not do",
}


class Unfit(ValueError):
    """The body is not as the description says; the sentence names the field."""


def check(body: Mapping[str, Any], operation: Operation) -> None:
    """Unfit, unless every field of the body is one that this operation takes, and as it says."""
    for name in operation.needs:
        if name not in body:
            raise Unfit(f"Give {name}.")
    for name, value in body.items():
        if name not in operation.takes:
            raise Unfit(f"There are no fields here but {', '.join(operation.takes) or 'none'}.")
        if not _fits(value, operation.takes[name]):
            raise Unfit(f"The field {name} is not as /api/openapi.json says.")


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    return FITS[schema["type"]](value, schema)


def _is_text(value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, str) or not schema.get("minLength", 0) <= len(value) <= schema["maxLength"]:
        return False
    return "pattern" not in schema or bool(re.fullmatch(schema["pattern"][1:-1], value))


def _is_whole(value: Any, schema: Mapping[str, Any]) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())  # 1.0 is an integer in JSON
    return whole and not isinstance(value, bool) and schema["minimum"] <= value <= schema["maximum"]


def _is_list(value: Any, schema: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list) and len(value) <= schema["maxItems"] and all(_fits(v, schema["items"]) for v in value)
    )


def _is_object(value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict) or len(value) > schema["maxProperties"]:
        return False
    return all(_fits(one, schema["additionalProperties"]) for one in value.values())


FITS = {
    "string": _is_text,
    "integer": _is_whole,
    "array": _is_list,
    "object": _is_object,
    "boolean": lambda value, _schema: isinstance(value, bool),
}


def description() -> dict[str, Any]:
    """The whole API as OpenAPI 3.1, our own webhooks among it."""
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
    id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^ep_[0-9a-f]{16}$"}}
    parameters = {"parameters": [id]} if "{id}" in path else {}
    return parameters | {method.lower(): _operation(operation) for method, operation in operations.items()}


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
    body = {"schema": catalogue.schema(name), "example": catalogue.example(name)}
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
    state={"enum": ["on", "paused", "off"]},
    why=STRING,
    made=NUMBER,
    sign_body=FLAG,
    cookies=FLAG,
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
    "Message": _whole(message=STRING),
    "Problem": _whole(type=STRING, status=NUMBER, detail=STRING),
}
