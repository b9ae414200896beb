"""Which event types exist: those of the catalog, and whatever the known providers send under their own names."""

import re
from collections.abc import Iterable

from receiving import providers
from sending.json_validation import reject_if
from sending.webhooks.endpoints.endpoint_model import ALL_EVENT_TYPES
from sending.webhooks.event_schemas import CATALOGUE, EVENT_TYPE_PATTERN


def check_filters(filters: Iterable[str]) -> None:
    """Raise ValidationError unless at least one known event type matches each filter of an endpoint."""
    for each in filters:
        reject_if(not (each == ALL_EVENT_TYPES or _is_known_family(each) or _is_known(each)), _describe_unknown(each))


def check_event_type(name: str) -> None:
    """Raise ValidationError unless this is the name of a known event type."""
    reject_if(not (re.fullmatch(EVENT_TYPE_PATTERN, name) and _is_known(name)), _describe_unknown(name))


def _is_known(name: str) -> bool:
    return name in CATALOGUE or name.partition(".")[0] in providers.load()


def _is_known_family(name: str) -> bool:
    prefix = name.removesuffix("*")
    return prefix.endswith(".") and (_is_known(prefix) or any(known.startswith(prefix) for known in CATALOGUE))


def _describe_unknown(name: str) -> str:
    families = ", ".join(f"{provider}.*" for provider in providers.load())
    return (
        f"There is no event type {name[:100]}. Known event types: {', '.join(CATALOGUE)}, and those of the providers: "
        f"{families}."
    )
