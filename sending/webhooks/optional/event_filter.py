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
from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import RequestFailed
from sending.webhooks.credentials import Credentials
from sending.webhooks.endpoints import EVENT_FILTER_PATTERN, WebhookEndpoint, matches_event_type

FETCH_TIMEOUT_SECONDS = 5.0  # seconds: somebody's lane is held meanwhile
MAX_FILTER_BYTES = 16_000  # bytes
MAX_EVENT_TYPES = 100  # kinds

log = logging.getLogger(__name__)


class InvalidEventFilter(ValueError):
    """What is there is no list of wishes."""


class EventFilter:
    """One endpoint's, for one turn of sending; read when it is first asked, and at most once."""

    def __init__(
        self, redis: Any, client: HttpClient, subscriber: WebhookEndpoint, credentials: Credentials, http: bool
    ) -> None:
        self.redis, self.client, self.subscriber, self.http = redis, client, subscriber, http
        self.credentials = credentials

    def allows(self, event_type: str) -> bool:
        """True when nothing speaks against telling the endpoint of this kind."""
        return (
            not self.subscriber.event_filter
            or self.event_types is None
            or matches_event_type(self.event_types, event_type)
        )

    @cached_property
    def event_types(self) -> tuple[str, ...] | None:
        """What it names; None when there is no list that can be read."""
        from sending.webhooks.optional.cache import (
            HttpCache,  # few endpoints have a list, and hishel takes a while to import
        )

        place = self.subscriber.event_filter
        try:
            cache = HttpCache(self.redis, self.subscriber.identity_hash)
            return _parse(*cache.get(place, self._fetch, accept="application/json"))
        except (RequestFailed, InvalidEventFilter) as trouble:
            log.warning("The list of wishes at %s narrows nothing: %s", urls.host_of(place), trouble)
            return None

    def _fetch(self, headers: Mapping[str, str]) -> HttpResponse:
        place, jar = self.subscriber.event_filter, self.credentials.cookie_jar
        ours = self.credentials.headers if _origin(place) == _origin(self.subscriber.url) else {}
        cookie = jar.cookie_header(place) if jar else ""
        limits: dict[str, Any] = {
            "total_timeout": FETCH_TIMEOUT_SECONDS,
            "max_kept_bytes": MAX_FILTER_BYTES,
            "http": self.http,
        }
        reply = self.client.request("GET", place, headers={**ours, **headers}, cookie=cookie, **limits)
        if jar and reply.set_cookies:
            jar.store_cookies(place, reply.set_cookies)
        return reply


def _parse(status: int, body: bytes) -> tuple[str, ...]:
    if status != 200:
        raise InvalidEventFilter(f"it answered {status}.")
    try:
        event_types = json.loads(body)["event_types"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise InvalidEventFilter('it is not JSON like {"event_types": ["call.*"]}.') from None
    if (
        not isinstance(event_types, list)
        or len(event_types) > MAX_EVENT_TYPES
        or not all(map(_is_event_type, event_types))
    ):
        raise InvalidEventFilter("its event_types are not like text.received or text.*.")
    return tuple(event_types)


def _is_event_type(value: object) -> bool:
    return isinstance(value, str) and bool(EVENT_FILTER_PATTERN.fullmatch(value))


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]
