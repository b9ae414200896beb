"""What makes a request to a subscriber ours, opened for one turn of sending and written down nowhere."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sending.webhooks import endpoints
from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from sending.webhooks.endpoints import WebhookEndpoint
from sending.webhooks.optional.cookies import EndpointCookieJar


@dataclass(frozen=True)
class Credentials:
    """The keys that sign now, the newest first; the headers the endpoint asked for, its Authorization among them; its
    cookies, when it asked for them. None of it shows in a trace.
    """

    keys: tuple[str, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    cookie_jar: EndpointCookieJar | None = field(repr=False, default=None)


def decrypt_credentials(redis: Any, seal: Encryption, subscriber: WebhookEndpoint, now: float) -> Credentials:
    """The subscriber's, at this time. WrongKey when SECRET_KEY is not one that they were sealed with."""
    keys = tuple(seal.open(key.encrypted) for key in subscriber.signing_keys(now))
    headers = {name: seal.open(value) for name, value in subscriber.headers}
    if subscriber.authorization:
        headers["Authorization"] = seal.open(Encrypted(subscriber.authorization))
    cookie_jar = EndpointCookieJar(redis, seal, subscriber.id, subscriber.identity_hash) if subscriber.cookies else None
    return Credentials(keys, headers, cookie_jar)


def find_undecryptable(redis: Any, seal: Encryption) -> list[WebhookEndpoint]:
    """Those whose credentials no value of SECRET_KEY opens."""
    return [one for one in endpoints.load_all(redis) if not _is_decryptable(redis, seal, one)]


def _is_decryptable(redis: Any, seal: Encryption, subscriber: WebhookEndpoint) -> bool:
    try:
        decrypt_credentials(redis, seal, subscriber, time.time())
    except WrongKey:
        return False
    return True
