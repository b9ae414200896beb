"""Logging for every process: phone numbers are masked, even in tracebacks, and no client can flood or forge the log."""

import logging
import sys
import time
from typing import Any, TextIO

import control_characters
from masking import mask_all

FORMAT = "%(levelname)s %(name)s: %(message)s"
BURST_LINES = 20  # that one place in the code may log in a burst; after that, LINES_PER_SECOND applies
LINES_PER_SECOND = 1.0


def set_up(level: int = logging.WARNING) -> None:
    """Log to standard error, which is masked from now on. Call this first in every program."""
    if not isinstance(sys.stderr, MaskedStream):
        sys.stderr = MaskedStream(sys.stderr)
    handler = logging.StreamHandler()
    handler.addFilter(LineLimit())
    logging.basicConfig(level=level, format=FORMAT, handlers=[handler])
    # urllib3's warnings contain tracebacks and whole URLs, whose paths may be secret. We log failed requests ourselves.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


class MaskedStream:
    """Masks everything written to a text stream, and escapes control characters except line breaks."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write the masked text. Returns the length of the original text."""
        self.stream.write(control_characters.escape(mask_all(text)))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class LineLimit(logging.Filter):
    """Limits how many lines each place in the code logs, and reports how many were omitted."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[tuple[str, int], _Place] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log this record."""
        place = self.places.setdefault((record.pathname, record.lineno), _Place())
        if not place.may_log():
            return False
        if place.omitted:
            record.msg, record.args = f"{record.getMessage()} ({place.omitted} similar lines were omitted)", None
            place.omitted = 0
        return True


class _Place:
    def __init__(self) -> None:
        self.tokens, self.updated_at, self.omitted = float(BURST_LINES), time.monotonic(), 0

    def may_log(self) -> bool:
        now = time.monotonic()
        self.tokens = min(BURST_LINES, self.tokens + (now - self.updated_at) * LINES_PER_SECOND)
        self.updated_at = now
        if self.tokens < 1:
            self.omitted += 1
            return False
        self.tokens -= 1
        return True
