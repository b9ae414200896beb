"""Numbers are shown to nobody: one way to mask them, used by screens and logs alike."""

import hashlib
import hmac
import logging
import re

NUMBER = re.compile(r"(?:\+|%2B)(\d{7,15})", re.IGNORECASE)


def mask(number: str) -> str:
    """`+447700900123` as `+44 ••• 123`: enough to recognise one's own, too little to call."""
    if not number.startswith("+") or not number[1:].isdigit():
        return number if number in ("anonymous", "unknown", "restricted", "unavailable") else "•••"
    return f"{number[:3]} ••• {number[-3:]}"


def mask_all(text: str) -> str:
    """The text with every E.164 number in it masked."""
    return NUMBER.sub(lambda found: mask("+" + found[1]), text)


def alias(number: str, secret: str) -> str:
    """The same short name for the same number each time; nobody gets back from it without the secret."""
    return hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:12]


class MaskedNumbers(logging.Filter):
    """Masks the numbers in every line that passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the line is kept, its numbers are not."""
        record.msg, record.args = mask_all(record.getMessage()), None
        return True
