"""The form for a webhook endpoint: one field for each option, and a picker for event types."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from werkzeug.datastructures import MultiDict

import context
from api import operations
from receiving import providers
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError, validate_fields
from sending.webhooks.endpoints.endpoint_options import OPTION_SCHEMAS, OPTIONS, WebhookEndpoint
from sending.webhooks.event_schemas import CATALOGUE, normalize_name


class FormError(ValidationError):
    """Some fields are invalid. `fields` maps each field's name to a sentence; the message contains all sentences."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


def parse_form(form: MultiDict[str, str], is_new: bool = False) -> dict[str, Any]:
    """Return the form's options in the format that the endpoint API accepts. Raises FormError.

    If the field for a secret option is empty, the option stays unchanged unless clear_<name> is set.
    """
    options: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, option in OPTIONS.items():
        text = "\n".join(form.getlist(name)).strip()
        if option.is_secret and not text and (is_new or not form.get(f"clear_{name}")):
            continue
        if is_new and not text and option.schema["type"] == "string" and not option.schema.get("minLength"):
            continue  # use the default
        try:
            options[name] = PARSERS[option.schema["type"]](name, text)
            validate_fields({name: options[name]}, OPTION_SCHEMAS)
            operations.check_option(name, options[name])
        except (ValidationError, RequestFailed) as error:
            wrong[name] = str(error)
    if wrong:
        raise FormError(wrong)
    return options


def form_values(endpoint: WebhookEndpoint) -> dict[str, str]:
    """Return the form's values for this endpoint, without secrets."""
    fields = {**asdict(endpoint), "event_types": "\n".join(endpoint.event_types)}
    values = {name: fields[name] for name, option in OPTIONS.items() if not option.is_secret}
    return {name: ("yes" if value else "") if isinstance(value, bool) else str(value) for name, value in values.items()}


def event_families() -> dict[str, list[str]]:
    """Return a dict that maps families to event types in the catalog; families of configured providers have none."""
    families: dict[str, list[str]] = {}
    for name in CATALOGUE:
        families.setdefault(f"{name.partition('.')[0]}.*", []).append(name)
    configured = sorted(context.settings().webhook_secrets.keys() & providers.load().keys())
    return families | {f"{normalize_name(name)}.*": [] for name in configured}


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
    "array": lambda name, text: list(dict.fromkeys(text.replace(",", " ").split())),
    "object": _parse_headers,
}
DEFAULT_FORM_VALUES = form_values(WebhookEndpoint("", ()))
