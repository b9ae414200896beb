"""Masks phone numbers and the private parts of URLs, for pages and logs alike."""

import functools
import hashlib
import hmac
import re

from phone_numbers import phone_number_of

WITHHELD = "a withheld number"
UNFOLLOW_PATH = re.compile(r"/unfollow/[\w-]+")
E164_NUMBER = re.compile(r"(?:\+|%(?:25)*2B)(\d{7,15})", re.IGNORECASE)

# With a scheme, any host matches. Without one, as people often write URLs, the host needs a dot and a path.
URL = re.compile(
    r"(https?:/+)(?:[^\s/?#]*@)?([^\s/?#@]+)([/?#]\S*)?|()(?<![\w@./-])((?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?)([/?#]\S+)",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# As people write and paste numbers, with any kind of space or dash: 07700 900 123, +44 (0)7700 - 900123.
LOOSE_NUMBER = re.compile(r"(?<!\d)(?<!\d\.)\+?\d(?:(?:[^\S\n]|[()./\u2010-\u2015\u2212-]){0,3}\d){8,14}(?!\d)")

SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")  # https://www.twilio.com/docs/glossary/what-is-a-sid


def mask(number: str) -> str:
    """Return `+44 ••• 123` for `+447700900123`: people recognize their own number, and nobody else can call it."""
    number = number.removeprefix("whatsapp:")
    if not number.startswith("+") or not number[1:].isdigit():
        return number if number in ("anonymous", "unknown", "restricted", "unavailable") else "•••"
    return f"{number[:3]} ••• {number[-3:]}"


def mask_address(address: str) -> str:
    """Return a texter's or caller's address as the audience sees it; WITHHELD if it is not a phone number."""
    return mask(address) if phone_number_of(address) else WITHHELD


def mask_all(text: str) -> str:
    """Return the text with every E.164 number and every unfollow token masked."""
    return E164_NUMBER.sub(lambda found: mask("+" + found[1]), UNFOLLOW_PATH.sub("/unfollow/…", text))


def mask_words(words: str) -> str:
    """Return what somebody wrote or said, with numbers and e-mail addresses masked and URLs cut off after the host."""
    return LOOSE_NUMBER.sub("•••", mask_all(EMAIL.sub(lambda found: mask_email(found[0]), mask_urls(words))))


def mask_field(value: str) -> str:
    """Return a field of a request masked like somebody's words, except that a Twilio SID stays as it is."""
    return value if SID.fullmatch(value) else mask_words(value)


def mask_urls(text: str) -> str:
    """Return `https://hear.example/…` for `https://hear.example/hook?key=1`: the path, query and user may be secret."""
    return URL.sub(_keep_host, text)


def _keep_host(found: re.Match[str]) -> str:
    scheme, host, rest = found.group(1, 2, 3) if found[2] else found.group(4, 5, 6)
    return f"{scheme}{host}" + ("/…" if (rest or "/") != "/" else rest or "")


def mask_email(address: str) -> str:
    """Return `ann@mail.example` as `a•••@mail.example`, because summaries are shown to the audience."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at and name else "somebody"


@functools.lru_cache(maxsize=1_000)
def alias(number: str, secret: str) -> str:
    """Return an alias of this number: 12 hexadecimal digits that do not reveal the number without the secret."""
    return hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:12]
