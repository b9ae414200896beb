"""The handshake of an app's WebSocket: signed like a webhook, bounded in time, and logged."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ringback.runtime import Runtime
from ringback.service.error_codes import message_of
from ringback.webhooks.connections import tls_context
from ringback.webhooks.request import USER_AGENT, Webhook, WebhookResponse
from ringback.webhooks.signature import signature
from ringback.webhooks.urls import is_twilio_host, without_userinfo
from ringback.websockets.app_socket import CLOSE_SECONDS, MAX_MESSAGE_BYTES, AppSocket

MAX_URL_CHARACTERS = 4096
TIMED_OUT, REFUSED, HANDSHAKE_ERROR, WRONG_SCHEME, MALFORMED_URL = 31901, 31902, 31920, 31922, 31923
HANDSHAKE_SECONDS = 15.0  # Twilio documents no limit for WebSockets; this is its limit for webhooks
STREAM, RELAY = "stream", "relay"  # the channels of Media Streams and ConversationRelay


def checked_socket_url(url: str) -> str:
    """The URL without its fragment. Raises HandshakeFailed if it is not a wss URL, or if its host is Twilio's.

    Twilio connects to wss URLs only (2026-11-26): https://www.twilio.com/docs/api/errors/31922"""
    url = url.strip()
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise HandshakeFailed(MALFORMED_URL, url[:200]) from None
    if parts.scheme in ("ws", "http", "https"):
        raise HandshakeFailed(WRONG_SCHEME, url[:200], parts.scheme)
    malformed = len(url) > MAX_URL_CHARACTERS or any(character.isspace() for character in url)
    if not usable or malformed or parts.scheme != "wss":
        raise HandshakeFailed(MALFORMED_URL, url[:200])
    if is_twilio_host(parts.hostname or ""):
        raise HandshakeFailed(HANDSHAKE_ERROR, url, "Ringback opens no connections to the real Twilio")
    return url.partition("#")[0]


class HandshakeFailed(Exception):
    """The app's WebSocket could not be opened. `code` is Twilio's error code, `detail` says what happened.

    `status` is the HTTP status of the response, or 0 if there was none."""

    def __init__(self, code: int, url: str, detail: str = "", status: int = 0) -> None:
        super().__init__(detail)
        self.code, self.url, self.detail, self.status = code, url, detail, status

    @property
    def message(self) -> str:
        """The debugger's message for the failure."""
        return message_of(self.code, url=self.url, detail=self.detail)

    def report(self, runtime: Runtime, sid: str, handset: str, code: int = 0) -> None:
        """Report the failure to the debugger under its own code, or under `code` with `message` as the detail."""
        request: dict[str, Any] = {"method": "GET", "url": self.url, "parameters": []}
        runtime.debugger.report(
            code or self.code,
            sid=sid,
            handset=handset,
            request=request,
            response={"status": self.status, "headers": {}, "body": "", "seconds": 0.0} if self.status else None,
            url=self.url,
            detail=self.message if code else self.detail,
        )


async def open_socket(runtime: Runtime, url: str, channel: str, sid: str) -> AppSocket:
    """Opens the WebSocket at the wss URL for the call with this SID. Raises HandshakeFailed without reporting it.

    `channel` is STREAM or RELAY; faults can select it. The request and the response are logged like a webhook's."""
    url = checked_socket_url(url)
    finish = runtime.webhooks.start_entry(Webhook(url, "GET", (), channel, sid=sid))
    response = WebhookResponse(url, request={"method": "GET", "url": url, "parameters": []})
    started = time.perf_counter()
    try:
        connection = await _handshake_with_faults(runtime, url, channel)
    except HandshakeFailed as failure:
        response.status, response.detail = failure.status, failure.message
        response.error = failure.code
        raise
    else:
        response.status = 101
    finally:
        response.seconds = time.perf_counter() - started
        finish(response)
    app_socket = AppSocket(runtime.clock, url, connection)
    runtime.app_sockets.add(app_socket)
    if fault := runtime.faults.trigger("socket-drop", channel, url):
        app_socket.timers.append(runtime.clock.call_later(fault.seconds, app_socket.drop))
    return app_socket


async def _handshake_with_faults(runtime: Runtime, url: str, channel: str) -> aiohttp.ClientWebSocketResponse:
    """Opens the connection within HANDSHAKE_SECONDS on the exchange's clock."""
    token = "0" * 32 if runtime.faults.trigger("webhook-wrong-signature", channel, url) else None
    try:
        async with runtime.clock.deadline(HANDSHAKE_SECONDS):
            if fault := runtime.faults.trigger("socket-slow", channel, url):
                await runtime.clock.sleep(fault.seconds)
            if fault := runtime.faults.trigger("socket-refuse", channel, url):
                raise HandshakeFailed(HANDSHAKE_ERROR, url, f"status {fault.status} by the fault", fault.status)
            return await _handshake(runtime, url, token)
    except TimeoutError:
        raise HandshakeFailed(TIMED_OUT, url, "no handshake in time") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _failure_of(error, url) from None


async def _handshake(runtime: Runtime, url: str, token: str | None) -> aiohttp.ClientWebSocketResponse:
    bare, user, password = without_userinfo(url)
    dialed, forwarding_headers = runtime.app_address.route(bare)
    headers = _headers(runtime, bare, token) | forwarding_headers
    if user:
        headers["Authorization"] = aiohttp.encode_basic_auth(user, password)
    return await runtime.webhooks.client.session.ws_connect(
        URL(dialed, encoded=True),
        headers=headers,
        max_msg_size=MAX_MESSAGE_BYTES,
        timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        ssl=tls_context(dialed),
    )


def _headers(runtime: Runtime, url: str, token: str | None) -> dict[str, str]:
    """The signature covers the wss URL as written; the header name is in lower case (2026-11-26).

    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security (2026-11)"""
    headers = {"User-Agent": USER_AGENT}
    settings, algorithm = runtime.settings, "sha1"
    key = settings.auth_token
    if settings.shared_key:
        name, key = settings.shared_key
        algorithm = "sha256"
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={name},algorithm=HMAC_SHA256"
    return headers | {"x-twilio-signature": signature(token or key, url, (), algorithm)}


def _failure_of(error: Exception, url: str) -> HandshakeFailed:
    match error:
        case aiohttp.WSServerHandshakeError(status=status):
            return HandshakeFailed(HANDSHAKE_ERROR, url, _refusal(status, error.message, url), status)
        case aiohttp.ConnectionTimeoutError():
            return HandshakeFailed(TIMED_OUT, url, "connect timeout")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return HandshakeFailed(REFUSED, url, "connection refused")
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return HandshakeFailed(HANDSHAKE_ERROR, url, "the host name does not resolve")
    return HandshakeFailed(HANDSHAKE_ERROR, url, str(error)[:200] or type(error).__name__)


def _refusal(status: int, message: str, url: str) -> str:
    """Why a response opened no WebSocket. An app that rejects the handshake may have verified another URL."""
    if status == 101:
        return message
    if status not in (401, 403):
        return f"the response has the status {status}, not 101"
    query = ", with its query string, which some validators take out of it" if "?" in url else ""
    return f"the response has the status {status}, not 101; the signature is of this URL{query}"
