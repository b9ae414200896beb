"""The list of wishes an endpoint may keep at an address of its own: JSON that names the kinds it wants to hear of now.

It only ever narrows what the endpoint subscribed to, so whoever runs it changes a file and needs no token of ours. We
GET it before we send, by the rules of HTTP caching. What cannot be read narrows nothing: better one too many.
"""

import json
import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sending.http import urls
from sending.http.client import Client, Reply
from sending.http.errors import Failure
from sending.webhooks.credentials import Credentials
from sending.webhooks.endpoints import KIND, Subscriber, covers

WITHIN = 5.0  # seconds: somebody's lane is held meanwhile
LARGEST = 16_000  # bytes
MOST = 100  # kinds

log = logging.getLogger(__name__)


class Unreadable(ValueError):
    """What is there is no list of wishes."""


class WishList:
    """One endpoint's, for one turn of sending; read when it is first asked, and at most once."""

    def __init__(
        self, redis: Any, client: Client, subscriber: Subscriber, credentials: Credentials, http: bool
    ) -> None:
        self.redis, self.client, self.subscriber, self.http = redis, client, subscriber, http
        self.credentials = credentials

    def names(self, kind: str) -> bool:
        """True when nothing speaks against telling the endpoint of this kind."""
        return not self.subscriber.wish_list or self.kinds is None or covers(self.kinds, kind)

    @cached_property
    def kinds(self) -> tuple[str, ...] | None:
        """What it names; None when there is no list that can be read."""
        from sending.webhooks.optional.cache import (
            Cache,  # few endpoints have a list, and hishel takes a while to import
        )

        place = self.subscriber.wish_list
        try:
            cache = Cache(self.redis, self.subscriber.acquaintance)
            return _read(*cache.get(place, self._ask, accept="application/json"))
        except (Failure, Unreadable) as trouble:
            log.warning("The list of wishes at %s narrows nothing: %s", urls.host_of(place), trouble)
            return None

    def _ask(self, headers: Mapping[str, str]) -> Reply:
        place, jar = self.subscriber.wish_list, self.credentials.jar
        ours = self.credentials.headers if _origin(place) == _origin(self.subscriber.url) else {}
        cookie = jar.header(place) if jar else ""
        limits: dict[str, Any] = {"finish_within": WITHIN, "keep_at_most": LARGEST, "http": self.http}
        reply = self.client.request("GET", place, headers={**ours, **headers}, cookie=cookie, **limits)
        if jar and reply.set_cookies:
            jar.keep(place, reply.set_cookies)
        return reply


def _read(status: int, body: bytes) -> tuple[str, ...]:
    if status != 200:
        raise Unreadable(f"it answered {status}.")
    try:
        kinds = json.loads(body)["kinds"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise Unreadable('it is not JSON like {"kinds": ["call.*"]}.') from None
    if not isinstance(kinds, list) or len(kinds) > MOST or not all(_is_kind(kind) for kind in kinds):
        raise Unreadable("its kinds are not like text.received or text.*.")
    return tuple(kinds)


def _is_kind(kind: object) -> bool:
    return isinstance(kind, str) and bool(KIND.fullmatch(kind))


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]
