"""A secret at the end of the URL's path, for senders that cannot sign: /webhooks/<provider>/<secret>."""

import re

from config import Secrets
from receiving.delivery import Delivery
from receiving.rejection_reasons import SecretPathNotFound
from receiving.signature_checks import matches_any, secrets_with_prefix

PATH_PREFIX = "path:"
SECRET_PATTERN = re.compile(r"[A-Za-z0-9_-]{22,}")  # 22 random Base64 characters contain at least 128 bits


def check(secrets: Secrets) -> None:
    """Raise ValueError unless each path secret is long enough and URL-safe."""
    if not all(SECRET_PATTERN.fullmatch(secret) for secret in secrets_with_prefix(secrets, PATH_PREFIX)):
        raise ValueError("must have at least 22 letters or digits after path: (to generate: openssl rand -hex 16)")


def given_secret(delivery: Delivery) -> str:
    """Return what follows /webhooks/<provider>/ in the path; "" if nothing does."""
    return delivery.path.strip("/").partition("/")[2].partition("/")[2]


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """Raise SecretPathNotFound unless the path ends with one of our secrets."""
    if not matches_any(given_secret(delivery), secrets_with_prefix(secrets, PATH_PREFIX)):
        raise SecretPathNotFound


def add_secret(delivery: Delivery, secrets: Secrets) -> str:
    """Return the delivery's URL with our first path secret added."""
    url, mark, query = delivery.url.partition("?")
    return f"{url.rstrip('/')}/{next(secrets_with_prefix(secrets, PATH_PREFIX))}{mark}{query}"
