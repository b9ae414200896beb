"""An endpoint's event filter: a JSON document at its own URL that lists the event types currently accepted.

It only narrows down what the endpoint is subscribed to, so the owner can change it without an API token. It is fetched
before messages are sent, following the rules of HTTP caching. A document that cannot be read filters nothing.
"""

import json
import logging
import time
from collections.abc import Mapping
from email.utils import formatdate, parsedate
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sending.http import urls
from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import RequestFailed
from sending.webhooks.endpoints.credentials import Credentials
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.endpoints.event_type_patterns import EVENT_FILTER_PATTERN, matches_event_type
from store import Store

FETCH_TIMEOUT_SECONDS = 5.0  # a slot is held during the request
MAX_FILTER_BYTES = 16_000
MAX_RESPONSE_TTL_SECONDS = 24 * 3600  # in the cache, even if the response claims to be fresh for longer
MAX_EVENT_TYPES = 100

log = logging.getLogger(__name__)


class InvalidEventFilter(ValueError):
    """The document is not a valid event filter."""


class EventFilter:
    """One endpoint's filter, fetched at most once, when it is first needed."""

    def __init__(
        self, redis: Store, client: HttpClient, endpoint: WebhookEndpoint, credentials: Credentials, http: bool
    ) -> None:
        self.redis, self.client, self.endpoint = redis, client, endpoint
        self.credentials, self.http = credentials, http

    def allows(self, event_type: str) -> bool:
        """Return whether messages of this type may be sent. True if there is no filter or it cannot be read."""
        return not self.endpoint.event_filter or self.patterns is None or matches_event_type(self.patterns, event_type)

    @cached_property
    def patterns(self) -> tuple[str, ...] | None:
        """The event types and families in the document, or None if it cannot be read."""
        try:
            return _parse(*self._fetch_with_cache())
        except (RequestFailed, InvalidEventFilter) as error:
            log.warning("The event filter at %s is ignored: %s", urls.host_of(self.endpoint.event_filter), error)
            return None

    def _fetch_with_cache(self) -> tuple[int, bytes]:
        """Return the document's status and body, from a private cache in Redis (RFC 9111) if the cached copy is fresh.

        Cached responses are not used once the endpoint's `identity_hash` has changed. Raises RequestFailed.
        """
        import hishel  # slow to import, and few endpoints need it
        from hishel._sync_rfc import handle_request_with_rfc  # the function behind hishel's adapters for other clients

        def send(request: hishel.Request) -> hishel.Response:
            response = self._fetch(dict(request.headers))
            return hishel.Response(response.status, hishel.Headers(_cacheable_headers(response)), iter([response.body]))

        storage = hishel.RedisStorage(
            self.redis,  # type: ignore[arg-type]
            default_ttl=MAX_RESPONSE_TTL_SECONDS,
            max_stream_size=MAX_FILTER_BYTES,
            key_prefix="cache",
        )
        request = hishel.Request("GET", self.endpoint.event_filter, hishel.Headers({"Accept": "application/json"}))
        options = hishel.CacheOptions(shared=False)
        response, _ = handle_request_with_rfc(request, send, storage, self.endpoint.identity_hash, options)
        return response.status_code, b"".join(response.stream or ())  # type: ignore[arg-type]

    def _fetch(self, cache_headers: Mapping[str, str]) -> HttpResponse:
        """GET the document. The custom headers are sent only to the origin of the endpoint's URL, and never stored."""
        url, cookie_jar = self.endpoint.event_filter, self.credentials.cookie_jar
        custom_headers = self.credentials.headers if _origin(url) == _origin(self.endpoint.url) else {}
        limits: dict[str, Any] = {
            "total_timeout": FETCH_TIMEOUT_SECONDS,
            "max_kept_bytes": MAX_FILTER_BYTES,
            "http": self.http,
        }
        cookie = cookie_jar.cookie_header(url) if cookie_jar else ""
        response = self.client.request("GET", url, headers={**custom_headers, **cache_headers}, cookie=cookie, **limits)
        if cookie_jar and response.set_cookies:
            cookie_jar.store_cookies(url, response.set_cookies)
        return response


def _cacheable_headers(response: HttpResponse) -> dict[str, str | list[str]]:
    """Return the headers without cookies and with a date (RFC 9110, 6.6.1). Raises RequestFailed if truncated."""
    if response.truncated:
        raise RequestFailed("too large", "The response is too large.")
    headers: dict[str, str | list[str]] = {
        name: value for name, value in response.headers.items() if name != "set-cookie"
    }
    if not parsedate(response.headers.get("date", "")):
        headers["date"] = formatdate(time.time(), usegmt=True)
    return headers


def _parse(status: int, body: bytes) -> tuple[str, ...]:
    if status != 200:
        raise InvalidEventFilter(f"the status is {status}.")
    try:
        found = json.loads(body)["event_types"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise InvalidEventFilter('the document is not JSON such as {"event_types": ["call.*"]}.') from None
    if not isinstance(found, list) or len(found) > MAX_EVENT_TYPES or not all(map(_is_pattern, found)):
        raise InvalidEventFilter(f"event_types is not a list of at most {MAX_EVENT_TYPES} event types or families.")
    return tuple(found)


def _is_pattern(value: object) -> bool:
    return isinstance(value, str) and bool(EVENT_FILTER_PATTERN.fullmatch(value))


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]
