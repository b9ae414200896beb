"""The fields in the JSON bodies of requests to the API, with their limits. For an endpoint's options, see OPTIONS."""

from api.openapi import Fields
from sending.webhooks.endpoints.key_rotation import MAX_OVERLAP_SECONDS
from sending.webhooks.event_schemas import EVENT_TYPE_PATTERN

MAX_TIMESTAMP_SECONDS = 4_102_444_800  # the year 2100
ROTATE_FIELDS: Fields = {
    "private": {"type": "boolean", "description": "if true, creates an Ed25519 key and returns its public half"},
    "overlap": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_OVERLAP_SECONDS,
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
