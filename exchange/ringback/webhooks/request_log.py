"""The log of the most recent requests to the app, with their responses."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ringback.service.dates import iso8601_milliseconds
from ringback.webhooks.request import Webhook, WebhookResponse

MAX_LOGGED_BYTES = 2000  # of a response's body
MAX_LOGGED_REQUESTS = 500


@dataclass(frozen=True)
class RequestLogEntry:
    """One request to the app, and its response with the first 2,000 bytes of the body."""

    webhook: Webhook
    response: WebhookResponse
    at: datetime

    def as_json(self) -> dict[str, Any]:
        response = self.response
        return response.request | {
            "at": iso8601_milliseconds(self.at),
            "sid": self.webhook.sid,
            "channel": self.webhook.channel,
            "status": response.status,
            "seconds": round(response.seconds, 4),
            "error": response.error,
            "body": response.body.decode("utf-8", "replace"),
        }


class RequestLog(deque[RequestLogEntry]):
    """The 500 most recent requests, oldest first."""

    def __init__(self) -> None:
        super().__init__(maxlen=MAX_LOGGED_REQUESTS)

    def add(self, webhook: Webhook, response: WebhookResponse, at: datetime) -> WebhookResponse:
        """Adds a request. Returns the response as it is logged, with a shortened body."""
        is_short = len(response.body) <= MAX_LOGGED_BYTES
        logged = response if is_short else replace(response, body=response.body[:MAX_LOGGED_BYTES])
        self.append(RequestLogEntry(webhook, logged, at))
        return logged
