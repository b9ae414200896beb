"""What makes a request to a subscriber ours, opened for one turn of sending and written down nowhere."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sending.webhooks import endpoints
from sending.webhooks.encryption import Seal, Sealed, WrongKey
from sending.webhooks.endpoints import Subscriber
from sending.webhooks.optional.cookies import Jar


@dataclass(frozen=True)
class Credentials:
    """The keys that sign now, the newest first; the headers the endpoint asked for, its Authorization among them; its
    cookies, when it asked for them. None of it shows in a trace.
    """

    keys: tuple[str, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    jar: Jar | None = field(repr=False, default=None)


def opened(redis: Any, seal: Seal, subscriber: Subscriber, now: float) -> Credentials:
    """The subscriber's, at this time. WrongKey when SECRET_KEY is not one that they were sealed with."""
    keys = tuple(seal.open(key.sealed) for key in subscriber.signing_keys(now))
    headers = {name: seal.open(value) for name, value in subscriber.headers}
    if subscriber.authorization:
        headers["Authorization"] = seal.open(Sealed(subscriber.authorization))
    jar = Jar(redis, seal, subscriber.id, subscriber.acquaintance) if subscriber.cookies else None
    return Credentials(keys, headers, jar)


def locked(redis: Any, seal: Seal) -> list[Subscriber]:
    """Those whose credentials no value of SECRET_KEY opens."""
    return [one for one in endpoints.everyone(redis) if not _opens(redis, seal, one)]


def _opens(redis: Any, seal: Seal, subscriber: Subscriber) -> bool:
    try:
        opened(redis, seal, subscriber, time.time())
    except WrongKey:
        return False
    return True
