"""Collects the tokens of the agent's answer into sentences, which are spoken as soon as they are complete."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"""[.!?…]["')\]]*\s+|[。！？]|\n+""")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")  # of SSML
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


def without_ssml(text: str) -> str:
    """The words of a text, without its SSML tags."""
    return TAG.sub("", text)


def spoken_part(text: str, fraction: float) -> str:
    """The words of `text` that are complete after this fraction of its characters, from 0 to 1."""
    if fraction >= 1:
        return text
    length = int(len(text) * max(fraction, 0.0))
    if text[length : length + 1].isspace():
        return text[:length].rstrip()
    return text[:length].rpartition(" ")[0].rstrip()
