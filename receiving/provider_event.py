"""What a provider tells us, and how it is said to people."""

import json
import re
from dataclasses import dataclass
from typing import Any

MAX_LINE_CHARS = 160  # characters of one line: it has to fit into a text
MAX_VALUE_CHARS = 100  # characters of one fact in it


@dataclass(frozen=True)
class ProviderEvent:
    """One thing a provider tells us. Of two notices with the same `id` the second is not news.

    `notice["data.object.id"]` is what stands there, as one line of text, and "" when nothing does: whatever a
    provider sends, saying it cannot fail.
    """

    name: str
    data: Any
    id: str

    def __getitem__(self, path: str) -> str:
        found = self.lookup(path)
        return "" if isinstance(found, dict | list) or found is None else one_line(str(found), MAX_VALUE_CHARS)

    def lookup(self, path: str) -> Any:
        """What stands at this path of names and places in lists, as it is; None when nothing does."""
        found = self.data
        for step in path.split("."):
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                return None
        return found

    def count(self, path: str) -> int:
        """How many stand in the list there; 0 when there is none."""
        found = self.lookup(path)
        return len(found) if isinstance(found, list) else 0


def parse_json(body: bytes | str) -> Any:
    """What this JSON says. ValueError for anything that is none, too deep ones included."""
    try:
        return json.loads(body)
    except RecursionError as too_deep:
        raise ValueError("this JSON is nested too deeply") from too_deep


def one_line(text: str, longest: int = MAX_LINE_CHARS) -> str:
    """The text without line breaks, control characters and halves of characters, cut with an ellipsis."""
    clean = text[: longest * 4]
    if not clean.isprintable():
        clean = "".join(char if char.isprintable() else " " for char in clean)
    line = " ".join(clean.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def mask_email(address: str) -> str:
    """`ann@mail.example` as `a•••@mail.example`: a stage is no place for people's addresses."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at and name else "somebody"


def split_words(name: str) -> str:
    """`subscription_went_past_due` as words."""
    return re.sub(r"[^A-Za-z0-9]+", " ", name).strip()


def pluralize(count: int, thing: str) -> str:
    """`1 commit`, `3 commits`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
