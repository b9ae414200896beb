"""An event in a provider's webhook, and functions for its one-line summary."""

import re
from dataclasses import dataclass
from typing import Any

MAX_LINE_CHARS = 160  # of a summary: it must fit in one SMS
MAX_VALUE_CHARS = 100  # of one value in a summary


@dataclass(frozen=True)
class ProviderEvent:
    """One event: the provider's name for it, its payload, and an id that is the same in redeliveries.

    `event["data.object.id"]` is the value at this path as one line of text, or "" if there is none, so a summary never
    fails, whatever the payload is.
    """

    name: str
    data: Any
    id: str

    def __getitem__(self, path: str) -> str:
        value = self.lookup(path)
        return "" if isinstance(value, dict | list) or value is None else one_line(str(value), MAX_VALUE_CHARS)

    def lookup(self, path: str) -> Any:
        """Return the value at this path (keys and list indexes joined by dots), or None if there is none."""
        value = self.data
        for step in path.split("."):
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    def count(self, path: str) -> int:
        """Return the length of the list at this path; 0 if there is none."""
        value = self.lookup(path)
        return len(value) if isinstance(value, list) else 0


def one_line(text: str, max_chars: int = MAX_LINE_CHARS) -> str:
    """Return the text without line breaks or unprintable characters, truncated with an ellipsis if it is too long."""
    clean = text[: max_chars * 4]
    if not clean.isprintable():
        clean = "".join(char if char.isprintable() else " " for char in clean)
    line = " ".join(clean.split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def split_words(name: str) -> str:
    """Return `subscription_went_past_due` as `subscription went past due`."""
    return re.sub(r"[^A-Za-z0-9]+", " ", name).strip()


def pluralize(count: int, noun: str) -> str:
    """Return `1 commit` or `3 commits`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
