"""What the subscriber API takes and answers: one table, for its description, its checks, its pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from sending.webhooks.catalogue import EVENT_TYPE_PATTERN
from sending.webhooks.endpoints import (
    ENDPOINT_ID_PATTERN,
    EVENT_FILTER_PATTERN,
    MAX_CONCURRENCY,
    PAYLOAD_STYLES,
    ValidationError,
)
from sending.webhooks.optional.custom_headers import MAX_HEADERS

Fields = Mapping[str, dict[str, Any]]
"""The fields of a JSON object: name -> schema."""

STRING: dict[str, Any] = {"type": "string", "maxLength": 2048}
MAX_TIMESTAMP_SECONDS = 4_102_444_800  # seconds since 1970: the year 2100
ENDPOINT_OPTIONS: Fields = {
    "url": {**STRING, "minLength": 1, "description": "where to send: an https address"},
    "event_types": {
        "type": "array",
        "maxItems": 100,
        "items": {"type": "string", "maxLength": 200, "pattern": f"^{EVENT_FILTER_PATTERN.pattern}$"},
        "description": "event types, or families such as text.*; none means all",
    },
    "payload_style": {
        "type": "string",
        "maxLength": 4,
        "enum": list(PAYLOAD_STYLES),
        "description": "full tells all; thin tells ids, and the address to fetch the rest with a token",
    },
    "fallback_url": {**STRING, "description": "tried when the address cannot be reached"},
    "authorization": {**STRING, "description": "the whole Authorization header of our requests"},
    "headers": {
        "type": "object",
        "maxProperties": MAX_HEADERS,
        "additionalProperties": STRING,
        "description": "sent with each request; their values are not shown again",
    },
    "rate_limit": {"type": "integer", "minimum": 0, "maximum": 1000, "description": "requests a second; 0 means any"},
    "max_concurrency": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_CONCURRENCY,
        "description": "requests at the same time",
    },
    "sign_body": {
        "type": "boolean",
        "description": "adds X-Hub-Signature-256: HMAC-SHA256 of the body alone, keyed by the secret as it is written",
    },
    "cookies": {"type": "boolean", "description": "sends back the cookies that the address sets"},
    "event_filter": {
        **STRING,
        "description": "an address that we GET (cached) before we send; the event types there narrow what is sent",
    },
}
ROTATE_FIELDS: Fields = {
    "private": {"type": "boolean", "description": "true makes an ed25519 key, and answers its public half"},
    "overlap": {
        "type": "integer",
        "minimum": 0,
        "maximum": 7 * 24 * 3600,
        "description": "seconds the present keys sign beside it; a day, if it is not given",
    },
}
RESEND_FIELDS: Fields = {"message": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_]+$"}}
RECOVER_FIELDS: Fields = {
    "since": {
        "type": "number",
        "minimum": 0,
        "maximum": MAX_TIMESTAMP_SECONDS,
        "description": "seconds since 1970; 0 means all",
    }
}
EXAMPLE_FIELDS: Fields = {
    "event_type": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": EVENT_TYPE_PATTERN,
        "description": "an event type, such as text.received or github.push",
    }
}


@dataclass(frozen=True)
class Operation:
    """One thing the API does. `takes` are the fields of its JSON body, `needs` those that must be there."""

    name: str
    about: str
    answers: int = 200
    response_schema: str = "Endpoint"
    takes: Fields = field(default_factory=dict)
    needs: tuple[str, ...] = ()


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/endpoints": {
        "GET": Operation("list", "Every subscriber, the oldest first", response_schema="EndpointList"),
        "POST": Operation(
            "create", "A new subscriber, and its secret, once", 201, "NewKey", ENDPOINT_OPTIONS, ("url",)
        ),
    },
    "/endpoints/{id}": {
        "GET": Operation("fetch", "One subscriber"),
        "PATCH": Operation("update", "Change what is given, and leave the rest", takes=ENDPOINT_OPTIONS),
        "DELETE": Operation("delete", "Forget it, and what was to be sent to it", 204, ""),
    },
    "/endpoints/{id}/rotate": {
        "POST": Operation("rotate", "A new key; the present ones sign for a while more", 200, "NewKey", ROTATE_FIELDS)
    },
    "/endpoints/{id}/pause": {"POST": Operation("pause", "Send nothing; what happens meanwhile waits")},
    "/endpoints/{id}/resume": {"POST": Operation("resume", "Send again, with a clean slate")},
    "/endpoints/{id}/attempts": {
        "GET": Operation("attempts", "The newest hundred attempts", response_schema="AttemptList")
    },
    "/endpoints/{id}/dead": {
        "GET": Operation(
            "dead", "The newest hundred dead letters: given up after the last attempt", response_schema="DeadLetterList"
        )
    },
    "/endpoints/{id}/resend": {
        "POST": Operation("resend", "Send this message once more", 202, "Message", RESEND_FIELDS, ("message",))
    },
    "/endpoints/{id}/recover": {
        "POST": Operation(
            "recover", "Send all that failed since then once more", 202, "Recovery", RECOVER_FIELDS, ("since",)
        )
    },
    "/endpoints/{id}/recoveries/{recovery}": {
        "GET": Operation("recovery", "How far a recovery is", response_schema="Recovery")
    },
    "/endpoints/{id}/example": {
        "POST": Operation(
            "example", "Send an example of this event to it alone", 202, "Message", EXAMPLE_FIELDS, ("event_type",)
        )
    },
    "/events/{message}": {
        "GET": Operation("event", "The whole event that a thin payload tells of", response_schema="Event")
    },
}
PATH_PARAMETERS = {  # of paths
    "id": f"^{ENDPOINT_ID_PATTERN.pattern}$",
    "recovery": "^rec_[0-9a-f]{16}$",
    "message": "^msg_[A-Za-z0-9_]{1,80}$",
}
ERROR_RESPONSES = {
    "400": "The body is no JSON",
    "401": "The token is missing or wrong",
    "404": "There is no such thing",
    "405": "Not by this method",
    "409": "Not as it stands: the sentence says what to do first",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "The body asks for what we do not do",
}


def validate(body: Mapping[str, Any], operation: Operation) -> None:
    """ValidationError, unless every field of the body is one that this operation takes, and as it says."""
    for name in operation.needs:
        if name not in body:
            raise ValidationError(f"Give {name}.")
    for name, value in body.items():
        if name not in operation.takes:
            raise ValidationError(f"There are no fields here but {', '.join(operation.takes) or 'none'}.")
        if not _matches_schema(value, operation.takes[name]):
            raise ValidationError(f"The field {name} is not as /api/openapi.json says.")


def _matches_schema(value: Any, schema: Mapping[str, Any]) -> bool:
    return VALIDATORS[schema["type"]](value, schema)


def _is_valid_string(value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, str) or not schema.get("minLength", 0) <= len(value) <= schema["maxLength"]:
        return False
    if value not in schema.get("enum", (value,)):
        return False
    return "pattern" not in schema or bool(re.fullmatch(schema["pattern"][1:-1], value))


def _is_valid_number(value: Any, schema: Mapping[str, Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (isinstance(value, int) or isfinite(value)) and schema["minimum"] <= value <= schema["maximum"]


def _is_valid_integer(value: Any, schema: Mapping[str, Any]) -> bool:
    return _is_valid_number(value, schema) and float(value).is_integer()  # 1.0 is an integer in JSON


def _is_valid_array(value: Any, schema: Mapping[str, Any]) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= schema["maxItems"]
        and all(_matches_schema(v, schema["items"]) for v in value)
    )


def _is_valid_object(value: Any, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, dict) or len(value) > schema["maxProperties"]:
        return False
    return all(_matches_schema(one, schema["additionalProperties"]) for one in value.values())


VALIDATORS = {
    "string": _is_valid_string,
    "number": _is_valid_number,
    "integer": _is_valid_integer,
    "array": _is_valid_array,
    "object": _is_valid_object,
    "boolean": lambda value, _schema: isinstance(value, bool),
}
