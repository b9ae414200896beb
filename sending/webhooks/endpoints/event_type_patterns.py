"""The patterns with which an endpoint subscribes to event types: one type, a family such as `text.*`, or all."""

import re
from collections.abc import Iterable

ALL_EVENT_TYPES = "*"
EVENT_FILTER_PATTERN = re.compile(r"(\*|[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*(\.\*)?)")


def matches_event_type(patterns: Iterable[str], event_type: str) -> bool:
    """Return whether the patterns include this event type, its family (`text.*`) or all types (`*`)."""
    return any(event_type.startswith(one[:-1]) if one.endswith("*") else event_type == one for one in patterns)
