"""What a phone has heard in a call, as text, and how much of it a test has already checked."""

from __future__ import annotations

import re
from typing import Any

Words = str | re.Pattern[str]


def in_words(item: dict[str, Any]) -> str:
    """One heard item as text: what was said, or the verb with its most important detail in brackets."""
    match item["verb"]:
        case "Say" | "Voice":
            return str(item.get("text") or f"[Voice {item.get('url', '')}]")
        case "Play":
            return f"[Play {item['source']}]"
        case "Audio":
            return f"[Audio {item['seconds']:.1f} s]" if item["seconds"] else "[Audio]"
        case "Pause":
            return f"[Pause {item['length']} s]"
        case "Tones":
            return f"[Tones {item['digits']}]"
        case "Ring":
            return f"[Ring {item['to']}]"
        case verb:
            return str(item["text"]) if item.get("text") else f"[{verb}]"


def contains(text: str, words: Words, start: int = 0) -> re.Match[str] | None:
    """Returns the first match, from `start` on, of these words (ignoring case) or of the pattern."""
    pattern = words if isinstance(words, re.Pattern) else re.compile(re.escape(words), re.IGNORECASE)
    return pattern.search(text, start)


class Transcript:
    """The items that a phone heard. `find` moves forward: it finds each passage once, in the order it was heard."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line, self.character = 0, 0  # where the next search begins

    def update(self, heard: list[dict[str, Any]]) -> None:
        self.lines = [in_words(item) for item in heard]

    def find(self, words: Words) -> str | None:
        """The line with the first match after the previous one, or None."""
        for number in range(self.line, len(self.lines)):
            start = self.character if number == self.line else 0
            if found := contains(self.lines[number], words, start):
                self.line, self.character = number, found.end()
                return self.lines[number]
        return None
