"""Numbers are shown to nobody, nor what lies behind a web address: one way to mask them, for screens and logs alike."""

import hashlib
import hmac
import logging
import re

UNFOLLOW_PATH = re.compile(r"/unfollow/[\w-]+")
E164_NUMBER = re.compile(r"(?:\+|%2B)(\d{7,15})", re.IGNORECASE)

# With a scheme any host, without one a name with a dot: as people write addresses.
URL = re.compile(
    r"(https?:/+)(?:[^\s/?#]*@)?([^\s/?#@]+)([/?#]\S*)?|()(?<![\w@./-])((?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?)([/?#]\S+)",
    re.IGNORECASE,
)
LOOSE_NUMBER = re.compile(r"(?<![\w.])\+?\d(?:[ ()./-]{0,2}\d){8,14}(?!\w)")  # as people write numbers: 07700 900 123


def mask(number: str) -> str:
    """`+447700900123` as `+44 ••• 123`: enough to recognise one's own, too little to call."""
    if not number.startswith("+") or not number[1:].isdigit():
        return number if number in ("anonymous", "unknown", "restricted", "unavailable") else "•••"
    return f"{number[:3]} ••• {number[-3:]}"


def mask_all(text: str) -> str:
    """The text with every E.164 number in it masked, and every address by which somebody ends what they follow."""
    return E164_NUMBER.sub(lambda found: mask("+" + found[1]), UNFOLLOW_PATH.sub("/unfollow/…", text))


def mask_words(words: str) -> str:
    """What somebody wrote or said, with everything in it masked that may be a number, however it is written, and of web
    addresses what follows the host.
    """
    return LOOSE_NUMBER.sub("•••", mask_all(mask_urls(words)))


def mask_urls(text: str) -> str:
    """`https://hear.example/hook?key=1` as `https://hear.example/…`: path, query and login may be somebody's secret."""
    return URL.sub(_keep_host, text)


def _keep_host(found: re.Match[str]) -> str:
    scheme, host, rest = found.group(1, 2, 3) if found[2] else found.group(4, 5, 6)
    return f"{scheme}{host}" + ("/…" if (rest or "/") != "/" else rest or "")


def alias(number: str, secret: str) -> str:
    """The same short name for the same number each time; nobody gets back from it without the secret."""
    return hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:12]


class MaskingFilter(logging.Filter):
    """Masks the numbers in every line that passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the line is kept, its numbers are not."""
        record.msg, record.args = mask_all(record.getMessage()), None
        return True
