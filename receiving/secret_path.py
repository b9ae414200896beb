"""A secret in the path: the proof of senders that cannot sign."""

import re

from config import Secrets
from receiving.delivery import Delivery
from receiving.errors import NotHere
from receiving.signatures import fits, marked

MARK = "path:"
LONG_ENOUGH = re.compile(r"[A-Za-z0-9_-]{22,}")  # 22 random characters of Base64 are 128 bits


def check(secrets: Secrets) -> None:
    """ValueError unless each secret for a path is fit for one, and too long to guess."""
    if not all(LONG_ENOUGH.fullmatch(secret) for secret in marked(secrets, MARK)):
        raise ValueError("must have 22 letters or digits or more after path: (make them with: openssl rand -hex 16)")


def given(delivery: Delivery) -> str:
    """What follows /webhooks/<name>/ in the path; "" when nothing does."""
    return delivery.path.strip("/").partition("/")[2].partition("/")[2]


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """Raise NotHere unless the path holds one of our secrets."""
    if not fits(given(delivery), marked(secrets, MARK)):
        raise NotHere


def add(delivery: Delivery, secrets: Secrets) -> str:
    """The delivery's URL with our first such secret at the end of its path."""
    url, mark, query = delivery.url.partition("?")
    return f"{url.rstrip('/')}/{next(marked(secrets, MARK))}{mark}{query}"
