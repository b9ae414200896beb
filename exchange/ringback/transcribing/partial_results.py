"""The partial results of speech recognition: growing parts of what is being said."""

from __future__ import annotations

from collections.abc import Iterator

MAX_PARTIAL_RESULTS = 5


def growing_prefixes(text: str) -> Iterator[str]:
    """Yields at most MAX_PARTIAL_RESULTS prefixes of whole words; the last is the whole text."""
    words = text.split()
    count = min(len(words), MAX_PARTIAL_RESULTS)
    for number in range(1, count + 1):
        yield " ".join(words[: len(words) * number // count])
