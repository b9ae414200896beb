"""HTTP caching (RFC 9111) of what we GET of an endpoint: fresh, it is not asked for again; stale, by its validators.

The rules are hishel's, a private cache of the endpoint's own; the requests are our client's. Nothing that we POST is
ever answered from here.
"""

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate
from typing import Any

from hishel import CacheOptions, Headers, RedisStorage, Request, Response
from hishel._sync_rfc import handle_request_with_rfc  # its road for clients it does not know

from sending.http.client import HttpResponse
from sending.http.errors import RequestFailed

MAX_RESPONSE_TTL_SECONDS = 24 * 3600  # seconds, however long an answer says that it is fresh
MAX_RESPONSE_BYTES = 16_000  # bytes of an answer
PRIVATE_CACHE = CacheOptions(shared=False)

SendRequest = Callable[[Mapping[str, str]], HttpResponse]
"""Sends the GET, with these headers added, and returns the reply; raises RequestFailed."""


class HttpCache:
    """`owner` names whose answers these are: nobody else gets them, and with another name they are forgotten."""

    def __init__(self, redis: Any, owner: str) -> None:
        self._storage = RedisStorage(
            redis, default_ttl=MAX_RESPONSE_TTL_SECONDS, max_stream_size=MAX_RESPONSE_BYTES, key_prefix="cache"
        )
        self._owner = owner

    def get(self, url: str, ask: SendRequest, accept: str = "*/*") -> tuple[int, bytes]:
        """Status and body of what is at this address: what we have, if it is fresh, or else what `ask` brings.

        Credentials are the business of `ask`: they are not stored with the answer. RequestFailed when there is none.
        """

        def send(request: Request) -> Response:
            return _to_cacheable_response(ask(dict(request.headers)))

        request = Request("GET", url, Headers({"Accept": accept}))
        response, _ = handle_request_with_rfc(request, send, self._storage, self._owner, PRIVATE_CACHE)
        return response.status_code, b"".join(response.stream or ())  # type: ignore[arg-type]


def _to_cacheable_response(reply: HttpResponse) -> Response:
    """The reply as it may be stored: whole, without cookies, and with a date. RFC 9110 6.6.1"""
    if reply.truncated:
        raise RequestFailed("too large", "The answer is too large.")
    headers: dict[str, str | list[str]] = {name: value for name, value in reply.headers.items() if name != "set-cookie"}
    if not parsedate(reply.headers.get("date", "")):
        headers["date"] = formatdate(time.time(), usegmt=True)
    return Response(reply.status, Headers(headers), iter([reply.body]))
