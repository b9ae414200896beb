"""The endpoint API's paths, methods, fields and responses. The OpenAPI description is derived from this table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sending.json_validation import Schema, reject_if, validate_fields
from sending.webhooks.endpoints.endpoint_options import OPTION_SCHEMAS
from sending.webhooks.endpoints.stored_endpoints import ENDPOINT_ID_PATTERN
from sending.webhooks.event_schemas import EVENT_TYPE_PATTERN

Fields = Mapping[str, Schema]
"""The fields of a JSON object: name -> schema."""

MAX_TIMESTAMP_SECONDS = 4_102_444_800  # the year 2100
ROTATE_FIELDS: Fields = {
    "private": {"type": "boolean", "description": "if true, creates an Ed25519 key and returns its public half"},
    "overlap": {
        "type": "integer",
        "minimum": 0,
        "maximum": 7 * 24 * 3600,
        "description": "how many seconds the current keys keep signing; defaults to one day",
    },
}
RESEND_FIELDS: Fields = {"message": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_]+$"}}
RECOVER_FIELDS: Fields = {
    "since": {
        "type": "number",
        "minimum": 0,
        "maximum": MAX_TIMESTAMP_SECONDS,
        "description": "a Unix timestamp in seconds; 0 means everything",
    }
}
EXAMPLE_FIELDS: Fields = {
    "event_type": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": EVENT_TYPE_PATTERN,
        "description": "an event type such as text.received or github.push",
    }
}


@dataclass(frozen=True)
class Operation:
    """One operation. `response_schema` names a schema in the OpenAPI description; "" means an empty response."""

    name: str
    summary: str
    status: int = 200
    response_schema: str = "Endpoint"
    body_fields: Fields = field(default_factory=dict)
    required: tuple[str, ...] = ()


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/endpoints": {
        "GET": Operation("list", "List all endpoints, oldest first", response_schema="EndpointList"),
        "POST": Operation(
            "create", "Create an endpoint and return its secret once", 201, "NewKey", OPTION_SCHEMAS, ("url",)
        ),
    },
    "/endpoints/{id}": {
        "GET": Operation("fetch", "Return an endpoint"),
        "PATCH": Operation("update", "Change the given options", body_fields=OPTION_SCHEMAS),
        "DELETE": Operation("delete", "Delete an endpoint and its waiting messages", 204, ""),
    },
    "/endpoints/{id}/rotate": {
        "POST": Operation(
            "rotate", "Add a new key; current keys keep signing for a while", 200, "NewKey", ROTATE_FIELDS
        )
    },
    "/endpoints/{id}/pause": {"POST": Operation("pause", "Stop sending; messages wait until sending resumes")},
    "/endpoints/{id}/resume": {"POST": Operation("resume", "Resume sending and reset the failure count")},
    "/endpoints/{id}/attempts": {
        "GET": Operation("attempts", "List the latest hundred attempts, newest first", response_schema="AttemptList")
    },
    "/endpoints/{id}/dead": {
        "GET": Operation(
            "dead", "List the latest hundred messages whose last attempt failed", response_schema="DeadLetterList"
        )
    },
    "/endpoints/{id}/resend": {
        "POST": Operation("resend", "Send a message again", 202, "Message", RESEND_FIELDS, ("message",))
    },
    "/endpoints/{id}/recover": {
        "POST": Operation(
            "recover", "Resend all messages that failed since a given time", 202, "Recovery", RECOVER_FIELDS, ("since",)
        )
    },
    "/endpoints/{id}/recoveries/{recovery}": {
        "GET": Operation("recovery", "Return the progress of a recovery", response_schema="Recovery")
    },
    "/endpoints/{id}/example": {
        "POST": Operation(
            "example", "Send an example of an event to this endpoint", 202, "Message", EXAMPLE_FIELDS, ("event_type",)
        )
    },
    "/events/{message}": {
        "GET": Operation("event", "Return the full event that a thin payload links to", response_schema="Event")
    },
}
PATH_PARAMETERS = {
    "id": f"^{ENDPOINT_ID_PATTERN.pattern}$",
    "recovery": "^rec_[0-9a-f]{16}$",
    "message": "^msg_[A-Za-z0-9_]{1,80}$",
}
ERROR_RESPONSES = {
    "400": "The body is not JSON",
    "401": "The token is missing or wrong",
    "404": "Not found",
    "405": "The method is not allowed",
    "409": "The endpoint's state does not allow this; `detail` says what to do first",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "The body is not valid",
}


def validate(body: Mapping[str, Any], operation: Operation) -> None:
    """Raise ValidationError unless the body has all required fields, and only known fields with valid values."""
    for name in operation.required:
        reject_if(name not in body, f"The field {name} is required.")
    validate_fields(body, operation.body_fields)
