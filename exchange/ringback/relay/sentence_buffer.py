"""Divides the tokens that an app sends into sentences, which are spoken one by one."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"""[.!?…]["')\]]*\s+|[。！？]|\n+""")
MAX_BUFFERED_CHARACTERS = 4000  # a longer sentence is spoken in parts


class SentenceBuffer:
    """The tokens since the last complete sentence."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, token: str) -> list[str]:
        """Adds a token. Returns the sentences that are complete, each with the white space after it."""
        self.text += token
        sentences, start = [], 0
        while True:
            window = start + MAX_BUFFERED_CHARACTERS
            end = SENTENCE_END.search(self.text, start, window)
            if end is None and len(self.text) <= window:
                break
            sentences.append(self.text[start : end.end() if end else window])
            start += len(sentences[-1])
        self.text = self.text[start:]
        return sentences

    def flush(self) -> list[str]:
        """Returns the incomplete sentence, if there is one."""
        rest, self.text = self.text, ""
        return [rest] if rest else []
