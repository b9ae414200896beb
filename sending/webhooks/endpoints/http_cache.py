"""HTTP caching (RFC 9111) of an endpoint's GET responses: a private cache in Redis that uses hishel's rules.

Our HTTP client makes the requests. Responses to POST requests are never cached.
"""

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate
from typing import Any

from hishel import CacheOptions, Headers, RedisStorage, Request, Response
from hishel._sync_rfc import handle_request_with_rfc  # the function behind hishel's adapters for other clients

from sending.http.client import HttpResponse
from sending.http.errors import RequestFailed

MAX_RESPONSE_TTL_SECONDS = 24 * 3600  # even if the response claims to be fresh for longer
MAX_RESPONSE_BYTES = 16_000
PRIVATE_CACHE = CacheOptions(shared=False)

SendRequest = Callable[[Mapping[str, str]], HttpResponse]
"""Sends the GET with these additional headers and returns the response. Raises RequestFailed."""


class HttpCache:
    """One endpoint's cached responses. They are not used once its `identity_hash` has changed."""

    def __init__(self, redis: Any, identity_hash: str) -> None:
        self._storage = RedisStorage(
            redis, default_ttl=MAX_RESPONSE_TTL_SECONDS, max_stream_size=MAX_RESPONSE_BYTES, key_prefix="cache"
        )
        self._identity_hash = identity_hash

    def get(self, url: str, send: SendRequest, accept: str = "*/*") -> tuple[int, bytes]:
        """Return the status and body for this URL, from the cache if fresh, otherwise from `send`.

        `send` adds credentials itself, so they are not stored with the response. Raises RequestFailed.
        """

        def send_request(request: Request) -> Response:
            return _to_cacheable_response(send(dict(request.headers)))

        request = Request("GET", url, Headers({"Accept": accept}))
        response, _ = handle_request_with_rfc(request, send_request, self._storage, self._identity_hash, PRIVATE_CACHE)
        return response.status_code, b"".join(response.stream or ())  # type: ignore[arg-type]


def _to_cacheable_response(response: HttpResponse) -> Response:
    """Return the response without cookies and with a date (RFC 9110, 6.6.1). Raises RequestFailed if truncated."""
    if response.truncated:
        raise RequestFailed("too large", "The response is too large.")
    headers: dict[str, str | list[str]] = {
        name: value for name, value in response.headers.items() if name != "set-cookie"
    }
    if not parsedate(response.headers.get("date", "")):
        headers["date"] = formatdate(time.time(), usegmt=True)
    return Response(response.status, Headers(headers), iter([response.body]))
