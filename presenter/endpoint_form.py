"""A subscriber's wishes as a form: the contract's fields, as somebody fills them in by hand."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from api.schema import ENDPOINT_OPTIONS, OPERATIONS, ValidationError, validate
from sending.webhooks.endpoints import WebhookEndpoint

SECRET_FIELDS = ("authorization", "headers")  # never shown again: left empty they stay as they are
UPDATE_OPERATION = OPERATIONS["/endpoints/{id}"]["PATCH"]


def parse_form(form: Mapping[str, str], is_new: bool = False) -> dict[str, Any]:
    """The wishes in this form, as the API takes them. Unfit, naming the field, when one cannot be."""
    body: dict[str, Any] = {}
    for name, schema in ENDPOINT_OPTIONS.items():
        given = form.get(name, "").strip()
        if name in SECRET_FIELDS and not given and (is_new or not form.get(f"forget_{name}")):
            continue
        if schema["type"] == "string" and is_new and not given and not schema.get("minLength"):
            continue
        body[name] = PARSERS[schema["type"]](name, given)
    validate(body, UPDATE_OPERATION)
    return body


def form_values(one: WebhookEndpoint) -> dict[str, str]:
    """What stands in the form of this subscriber; nothing secret."""
    row = {**asdict(one), "event_types": "\n".join(one.event_types)}
    known = {name: row[name] for name in ENDPOINT_OPTIONS if name not in SECRET_FIELDS}
    return {name: ("yes" if value else "") if isinstance(value, bool) else str(value) for name, value in known.items()}


def _parse_integer(name: str, given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise ValidationError(f"The field {name} wants a whole number.") from None


def _parse_headers(name: str, given: str) -> dict[str, str]:
    lines = [line.partition(":") for line in given.splitlines() if line.strip()]
    if any(not colon for _, colon, _ in lines):
        raise ValidationError("Write one header a line, such as X-Team: blue.")
    return {name.strip(): value.strip() for name, _, value in lines}


PARSERS: dict[str, Callable[[str, str], Any]] = {
    "string": lambda name, given: given,
    "boolean": lambda name, given: bool(given),
    "integer": _parse_integer,
    "array": lambda name, given: given.replace(",", " ").split(),
    "object": _parse_headers,
}
