"""The HTTP client for webhooks: signatures, timeouts, retries, redirects, cookies and HTTP authentication."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.sids import new_uuid
from ringback.webhooks.app_address import AppAddress
from ringback.webhooks.connection_overrides import ConnectionOverrides
from ringback.webhooks.connections import ConnectionUse, connector, tls_context
from ringback.webhooks.cookies import CookieJars
from ringback.webhooks.http_errors import RequestFailed, checked_url, request_failure
from ringback.webhooks.request import Webhook, WebhookResponse, request_headers
from ringback.webhooks.response_cache import ResponseCache
from ringback.webhooks.signature import signature, signed_url
from ringback.webhooks.urls import encode_form, parsed_url, resolve, wire_url, without_userinfo

MAX_REDIRECTS = 10  # https://www.twilio.com/docs/voice/twiml (2026-11)
MAX_REALMS = 5000
REDIRECTS = {301, 302, 303, 307, 308}
KEEPS_METHOD = {307, 308}
VOICE_CHANNELS = {"voice", "voice-status", "status"}  # status: of recordings, conferences, streams, …


class WebhookClient:
    """Sends webhooks. Each exchange has one client, which must be closed with close()."""

    def __init__(self, clock: Clock, token: str, address: AppAddress, shared_key: tuple[str, str] | None) -> None:
        self.clock, self.token, self.address, self.shared_key = clock, token, address, shared_key
        self.jars = CookieJars(clock)
        self.cache = ResponseCache()
        self.basic_auth_realms: BoundedDict[tuple[str, str], bool] = BoundedDict(MAX_REALMS)
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),
                auto_decompress=True,
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def send(self, webhook: Webhook, token: str | None = None, copies: int = 1) -> WebhookResponse:
        """Send a webhook, with the retries that the URL's overrides specify. Never raises: see WebhookResponse.error.

        Sends `copies` requests at once, with the same idempotency token. Returns the response to the first request."""
        idempotency_token = new_uuid()
        if copies == 1:  # saves the task that gather would create
            return await self._deliver(webhook, token, idempotency_token)
        responses = await asyncio.gather(*(self._deliver(webhook, token, idempotency_token) for _ in range(copies)))
        return responses[0]

    async def _deliver(self, webhook: Webhook, token: str | None, idempotency_token: str) -> WebhookResponse:
        started = time.perf_counter()
        try:
            overrides = ConnectionOverrides.from_url(webhook.url)
            async with self.clock.deadline(overrides.total):
                response = await self._attempts(webhook, overrides, idempotency_token, token or self.token)
        except RequestFailed as failure:
            response = WebhookResponse(webhook.url, status=failure.status, error=failure.code, detail=failure.detail)
        except ValueError:  # a URL that cannot be parsed, such as http://[x
            response = WebhookResponse(webhook.url, error=11100, detail=webhook.url)
        except TimeoutError:
            code = 11200 if webhook.channel == "sms" else 11205
            if overrides.total < ConnectionOverrides.total:  # the app's own limit, tt
                code = 11203
            response = WebhookResponse(webhook.url, error=code, detail="no response in time")
        response.seconds = time.perf_counter() - started
        response.request = response.request or _request_json(webhook)
        return response

    async def _attempts(
        self, webhook: Webhook, overrides: ConnectionOverrides, idempotency_token: str, token: str
    ) -> WebhookResponse:
        if overrides.unknown:
            raise RequestFailed(11243, overrides.unknown)
        for attempt in range(overrides.retries + 1):
            is_last = attempt == overrides.retries
            try:
                response = await self._follow(webhook, overrides, idempotency_token, token)
            except RequestFailed as failure:
                if is_last or failure.is_partial or not overrides.retries_after(failure.policy):
                    raise
                continue
            if is_last or response.status < 400 or not overrides.retries_after(f"{response.status // 100}xx"):
                return response
        raise AssertionError("unreachable")

    async def _follow(
        self, webhook: Webhook, overrides: ConnectionOverrides, idempotency_token: str, token: str
    ) -> WebhookResponse:
        """One attempt, including its redirects. A redirected request has none of Twilio's parameters."""
        method, parameters, url = webhook.method, webhook.parameters, webhook.url
        for _ in range(MAX_REDIRECTS + 1):
            request = _Request(self, webhook, method, url, parameters, idempotency_token, token)
            response = replace(await request.send(overrides), url=url)
            if response.status not in REDIRECTS or "location" not in response.headers:
                return response
            url, parameters = resolve(response.url, response.headers["location"]), ()
            method = method if response.status in KEEPS_METHOD else "GET"
        raise RequestFailed(11215, url)


class _Request:
    """One HTTP request, repeated with the URL's user and password if the response is 401."""

    def __init__(
        self,
        client: WebhookClient,
        webhook: Webhook,
        method: str,
        url: str,
        parameters: tuple[tuple[str, str], ...],
        idempotency_token: str,
        token: str,
    ) -> None:
        self.client, self.webhook, self.method, self.parameters = client, webhook, method, parameters
        bare, self.user, self.password = without_userinfo(url)
        self.url = checked_url(wire_url(bare, parameters if method == "GET" else ()))
        self.dialed_url, self.forwarding_headers = client.address.route(self.url)
        self.token, self.idempotency_token = token, idempotency_token
        self.shared_key, self.algorithm = "", "sha1"
        if client.shared_key:
            self.shared_key, secret = client.shared_key
            self.token, self.algorithm = secret if token == client.token else token, "sha256"

    async def send(self, overrides: ConnectionOverrides) -> WebhookResponse:
        realm = (self.webhook.cookie_jar, urlsplit(self.url).netloc)
        preemptive = self.client.basic_auth_realms.get(realm, False) and bool(self.user)
        response = await self._send_on_live_connection(overrides, basic=preemptive)
        if response.status == 401 and self.user and not preemptive:
            challenge = response.headers.get("www-authenticate", "").lower()
            basic = challenge.startswith("basic")
            response = await self._send_on_live_connection(overrides, basic=basic, digest="digest" in challenge)
            self.client.basic_auth_realms[realm] = basic
        return response

    async def _send_on_live_connection(self, overrides: ConnectionOverrides, **how: bool) -> WebhookResponse:
        """Sends the request. If the app closes a reused connection instead of responding, sends it on another one."""
        while True:
            connection = ConnectionUse.begin()
            try:
                return await self._send_once(overrides, connection, **how)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                never_connected = isinstance(error, aiohttp.ClientConnectorError)
                if never_connected or connection.is_new or connection.has_response:
                    raise request_failure(error, self.url) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                failure = request_failure(error, self.url)
                failure.is_partial = connection.has_response
                raise failure from None

    async def _send_once(
        self, overrides: ConnectionOverrides, connection: ConnectionUse, basic: bool = False, digest: bool = False
    ) -> WebhookResponse:
        headers = self._headers()
        if basic:
            headers["Authorization"] = aiohttp.encode_basic_auth(self.user, self.password)
        extra: dict[str, Any] = {"ssl": tls_context(self.dialed_url)}
        if digest:
            extra["middlewares"] = (aiohttp.DigestAuthMiddleware(self.user, self.password), connection.next_request)
        body: bytes | AsyncIterator[bytes] | None = (
            encode_form(self.parameters).encode() if self.method == "POST" else None
        )
        can_stream = not digest  # digest authentication sends the body twice
        if isinstance(body, bytes) and self.webhook.body_seconds and can_stream:
            headers["Content-Length"] = str(len(body))
            body = self.client.clock.trickle(body, self.webhook.body_seconds)
        async with self.client.session.request(
            self.method,
            parsed_url(self.dialed_url),
            data=body,
            headers=headers,
            timeout=overrides.timeout,
            allow_redirects=False,
            **extra,
        ) as response:
            connection.has_response = True
            self.client.jars.store(self.webhook.cookie_jar, self.url, response.headers.getall("Set-Cookie", []))
            return self.client.cache.resolved(self.method, await self._read(response))

    def _headers(self) -> dict[str, str]:
        voice = self.webhook.channel in VOICE_CHANNELS
        signed = self.parameters if self.method == "POST" else ()
        headers = request_headers(self.method, voice, self.idempotency_token)
        headers["X-Twilio-Signature"] = signature(self.token, signed_url(self.url, voice), signed, self.algorithm)
        if self.shared_key:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={self.shared_key},algorithm=HMAC_SHA256"
        if cookies := self.client.jars.header(self.webhook.cookie_jar, self.url):
            headers["Cookie"] = cookies
        return headers | self.client.cache.validators(self.method, self.url) | self.forwarding_headers

    async def _read(self, response: aiohttp.ClientResponse) -> WebhookResponse:
        body = b""
        async for chunk in response.content.iter_chunked(16 * 1024):
            body += chunk
            if len(body) > self.webhook.max_bytes and response.status < 400:
                raise RequestFailed(11750, status=response.status)
            if len(body) > self.webhook.max_bytes:  # the status is the error, whatever the size of the error page
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return WebhookResponse(
            self.url, response.status, headers, body, request=_request_json(self.webhook, self.url, self.method)
        )


def _request_json(webhook: Webhook, url: str = "", method: str = "") -> dict[str, Any]:
    """The request as the debugger shows it."""
    return {"method": method or webhook.method, "url": url or webhook.url, "parameters": list(webhook.parameters)}
