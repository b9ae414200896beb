"""Numbers are shown to nobody: one way to mask them, used by screens and logs alike."""

import hashlib
import hmac
import logging
import re

NUMBER = re.compile(r"(?:\+|%2B)(\d{7,15})", re.IGNORECASE)

WRITTEN = re.compile(r"(?<![\w.])\+?\d(?:[ ()./-]{0,2}\d){8,14}(?!\w)")  # as people write numbers: 07700 900 123


def mask(number: str) -> str:
    """`+447700900123` as `+44 ••• 123`: enough to recognise one's own, too little to call."""
    if not number.startswith("+") or not number[1:].isdigit():
        return number if number in ("anonymous", "unknown", "restricted", "unavailable") else "•••"
    return f"{number[:3]} ••• {number[-3:]}"


def mask_all(text: str) -> str:
    """The text with every E.164 number in it masked."""
    return NUMBER.sub(lambda found: mask("+" + found[1]), text)


def mask_words(words: str) -> str:
    """What somebody wrote or said, with everything in it masked that may be a number, however it is written."""
    return WRITTEN.sub("•••", mask_all(words))


def alias(number: str, secret: str) -> str:
    """The same short name for the same number each time; nobody gets back from it without the secret."""
    return hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:12]


class MaskedNumbers(logging.Filter):
    """Masks the numbers in every line that passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the line is kept, its numbers are not."""
        record.msg, record.args = mask_all(record.getMessage()), None
        return True
