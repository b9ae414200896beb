"""Twilio's error codes for requests that fail.

https://www.twilio.com/docs/api/errors (2026-11)"""

from __future__ import annotations

import socket
from functools import lru_cache
from urllib.parse import urlsplit

import aiohttp

from ringback.webhooks.urls import MAX_CACHED_URLS, is_twilio_host


class RequestFailed(Exception):
    """A request without a usable response.

    `code` is Twilio's error code; `policy` is the retry policy that covers the failure, or "" if none does;
    `status` is the HTTP status, or 0 if there was no response. `is_partial` is true if a part of the response was
    received; such a request is never retried."""

    def __init__(self, code: int, detail: str = "", policy: str = "", status: int = 0) -> None:
        super().__init__(detail)
        self.code, self.detail, self.policy, self.status = code, detail, policy, status
        self.is_partial = False


@lru_cache(maxsize=MAX_CACHED_URLS)
def checked_url(url: str) -> str:
    """Returns the URL. Raises RequestFailed if it is not an http or https URL, or if its host is Twilio's."""
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestFailed(11100, url)
    if is_twilio_host(parts.hostname or ""):
        raise RequestFailed(11210, "the exchange sends no requests to the real Twilio")
    return url


def request_failure(error: Exception, url: str) -> RequestFailed:
    """The failure that an aiohttp exception represents."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return RequestFailed(11201, "connect timeout", "ct")
        case aiohttp.SocketTimeoutError():
            return RequestFailed(11200, "read timeout", "rt")
        case aiohttp.ClientConnectorCertificateError():
            return RequestFailed(11237, str(error), "ct")
        case aiohttp.ClientSSLError():
            return RequestFailed(11220, str(error), "ct")
        case aiohttp.ClientConnectorDNSError():
            return RequestFailed(11210, str(error), "ct")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return RequestFailed(11202, "connection refused", "ct")
        case aiohttp.ClientConnectorError() | socket.gaierror():
            return RequestFailed(11205, str(error), "ct")
        case aiohttp.InvalidURL() | ValueError():
            return RequestFailed(11100, url)
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return RequestFailed(11206, str(error) or "the connection was closed before the response was complete")
    return RequestFailed(11200, str(error))
