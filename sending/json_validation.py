"""Validates JSON values against the subset of JSON Schema that we use: https://json-schema.org/draft/2020-12."""

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

Schema = Mapping[str, Any]


class ValidationError(ValueError):
    """A value is invalid. The message is a sentence for whoever sent the value."""


def reject_if(is_invalid: bool, message: str) -> None:
    """Raise ValidationError with this message if the condition holds."""
    if is_invalid:
        raise ValidationError(message)


def validate_fields(values: Mapping[str, Any], schemas: Mapping[str, Schema]) -> None:
    """Raise ValidationError unless every value has a schema and matches it."""
    for name, value in values.items():
        reject_if(name not in schemas, f"The field {name} is unknown. Known fields: {', '.join(schemas) or 'none'}.")
        description = schemas[name].get("description", "see /api/openapi.json")
        reject_if(not matches(value, schemas[name]), f"The field {name} is not valid ({description}).")


def matches(value: Any, schema: Schema) -> bool:
    """Return whether the value matches the schema."""
    return VALIDATORS[schema["type"]](value, schema)


def _is_valid_string(value: Any, schema: Schema) -> bool:
    if not isinstance(value, str) or not schema.get("minLength", 0) <= len(value) <= schema["maxLength"]:
        return False
    if value not in schema.get("enum", (value,)):
        return False
    return "pattern" not in schema or bool(re.fullmatch(schema["pattern"][1:-1], value))


def _is_valid_number(value: Any, schema: Schema) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (isinstance(value, int) or isfinite(value)) and schema["minimum"] <= value <= schema["maximum"]


def _is_valid_integer(value: Any, schema: Schema) -> bool:
    return _is_valid_number(value, schema) and float(value).is_integer()  # 1.0 is an integer in JSON Schema


def _is_valid_array(value: Any, schema: Schema) -> bool:
    if not isinstance(value, list | tuple) or len(value) > schema["maxItems"]:
        return False
    return all(matches(item, schema["items"]) for item in value)


def _is_valid_object(value: Any, schema: Schema) -> bool:
    if not isinstance(value, dict) or len(value) > schema["maxProperties"]:
        return False
    return all(matches(item, schema["additionalProperties"]) for item in value.values())


VALIDATORS: Mapping[str, Callable[[Any, Schema], bool]] = {
    "string": _is_valid_string,
    "number": _is_valid_number,
    "integer": _is_valid_integer,
    "array": _is_valid_array,
    "object": _is_valid_object,
    "boolean": lambda value, _schema: isinstance(value, bool),
}
