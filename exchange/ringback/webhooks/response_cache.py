"""Caches responses to GET requests if they have a validator: an ETag or Last-Modified header.

https://www.twilio.com/docs/voice/twiml (2026-11)"""

from __future__ import annotations

from ringback.service.bounded_dict import BoundedDict, body_size
from ringback.webhooks.request import WebhookResponse

MAX_CACHED_RESPONSES = 200


class ResponseCache:
    """The cached responses, by URL."""

    def __init__(self) -> None:
        self.cached: BoundedDict[str, WebhookResponse] = BoundedDict(MAX_CACHED_RESPONSES, size_of=body_size)

    def validators(self, method: str, url: str) -> dict[str, str]:
        """The headers of a conditional request, if a response from this URL is cached."""
        cached = self.cached.get(url) if method == "GET" else None
        if cached is None:
            return {}
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {condition: cached.headers[name] for name, condition in names.items() if name in cached.headers}

    def resolved(self, method: str, response: WebhookResponse) -> WebhookResponse:
        """The cached response for a 304, otherwise the response itself. Caches a 200 response that has a validator."""
        if method != "GET":
            return response
        if response.status == 304 and (cached := self.cached.get(response.url)):
            return WebhookResponse(cached.url, cached.status, cached.headers, cached.body, request=response.request)
        if response.status == 200 and not response.headers.keys().isdisjoint({"etag", "last-modified"}):
            self.cached[response.url] = response
        return response
