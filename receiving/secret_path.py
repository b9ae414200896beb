"""A secret in the path: the proof of senders that cannot sign."""

import re

from config import Secrets
from receiving.delivery import Delivery
from receiving.errors import SecretPathNotFound
from receiving.signatures import matches_any, secrets_with_prefix

PATH_PREFIX = "path:"
SECRET_PATTERN = re.compile(r"[A-Za-z0-9_-]{22,}")  # 22 random characters of Base64 are 128 bits


def check(secrets: Secrets) -> None:
    """ValueError unless each secret for a path is fit for one, and too long to guess."""
    if not all(SECRET_PATTERN.fullmatch(secret) for secret in secrets_with_prefix(secrets, PATH_PREFIX)):
        raise ValueError("must have 22 letters or digits or more after path: (make them with: openssl rand -hex 16)")


def given_secret(delivery: Delivery) -> str:
    """What follows /webhooks/<name>/ in the path; "" when nothing does."""
    return delivery.path.strip("/").partition("/")[2].partition("/")[2]


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """Raise SecretPathNotFound unless the path holds one of our secrets."""
    if not matches_any(given_secret(delivery), secrets_with_prefix(secrets, PATH_PREFIX)):
        raise SecretPathNotFound


def add_secret(delivery: Delivery, secrets: Secrets) -> str:
    """The delivery's URL with our first such secret at the end of its path."""
    url, mark, query = delivery.url.partition("?")
    return f"{url.rstrip('/')}/{next(secrets_with_prefix(secrets, PATH_PREFIX))}{mark}{query}"
