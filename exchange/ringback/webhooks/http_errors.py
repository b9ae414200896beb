"""What can go wrong with a request, as Twilio's error numbers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import aiohttp

from ringback.webhooks.urls import is_twilio_host


class RequestFailed(Exception):
    """Nothing usable came: Twilio's number, why, and which retry policy covers it."""

    def __init__(self, code: int, detail: str = "", policy: str = "", status: int = 0) -> None:
        super().__init__(detail)
        self.code, self.detail, self.policy, self.status = code, detail, policy, status


def checked_url(url: str) -> str:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestFailed(11100, url)
    if is_twilio_host(parts.hostname or ""):
        raise RequestFailed(11210, "the exchange asks nothing of the real Twilio")
    return url


def request_failure(error: Exception, url: str) -> RequestFailed:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return RequestFailed(11201, "no connection in time", "ct")
        case aiohttp.SocketTimeoutError():
            return RequestFailed(11200, "nothing came in time", "rt")
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
            return RequestFailed(11206, str(error) or "the connection was closed early")
    return RequestFailed(11200, str(error))
