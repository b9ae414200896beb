"""An endpoint's options as a form: one field for each option."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sending.validation import ValidationError, validate_fields
from sending.webhooks.endpoint_model import OPTION_SCHEMAS, OPTIONS, WebhookEndpoint


def parse_form(form: Mapping[str, str], is_new: bool = False) -> dict[str, Any]:
    """Return the form's options in the format that the endpoint API accepts. Raises ValidationError.

    If the field for a secret option is empty, the option stays unchanged unless clear_<name> is set.
    """
    options: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        text = form.get(name, "").strip()
        if option.is_secret and not text and (is_new or not form.get(f"clear_{name}")):
            continue
        if is_new and not text and option.schema["type"] == "string" and not option.schema.get("minLength"):
            continue  # use the default
        options[name] = PARSERS[option.schema["type"]](name, text)
    validate_fields(options, OPTION_SCHEMAS)
    return options


def form_values(endpoint: WebhookEndpoint) -> dict[str, str]:
    """Return the form's values for this endpoint, without secrets."""
    fields = {**asdict(endpoint), "event_types": "\n".join(endpoint.event_types)}
    values = {name: fields[name] for name, option in OPTIONS.items() if not option.is_secret}
    return {name: ("yes" if value else "") if isinstance(value, bool) else str(value) for name, value in values.items()}


def _parse_integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValidationError(f"The field {name} must be a whole number.") from None


def _parse_headers(name: str, text: str) -> dict[str, str]:
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    if any(not colon for _, colon, _ in lines):
        raise ValidationError("Write one header per line, such as X-Team: blue.")
    return {header.strip(): value.strip() for header, _, value in lines}


PARSERS: Mapping[str, Callable[[str, str], Any]] = {
    "string": lambda name, text: text,
    "boolean": lambda name, text: bool(text),
    "integer": _parse_integer,
    "array": lambda name, text: text.replace(",", " ").split(),
    "object": _parse_headers,
}
DEFAULT_FORM_VALUES = form_values(WebhookEndpoint("", ()))
