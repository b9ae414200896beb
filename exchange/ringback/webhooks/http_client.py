"""Twilio as an HTTP client: signed, patient for 15 seconds, following redirects, with cookies, a login and a cache."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ringback.service.bounded_dict import MAX_CACHED_RESPONSES, MAX_PAIRS, BoundedDict, body_size
from ringback.service.clock import Clock
from ringback.webhooks.connection_overrides import ConnectionOverrides
from ringback.webhooks.cookies import CookieJars
from ringback.webhooks.http_errors import RequestFailed, checked_url, request_failure
from ringback.webhooks.request import Webhook, WebhookResponse
from ringback.webhooks.signature import signature, signed_url
from ringback.webhooks.urls import encode_form, resolve, wire_url, without_userinfo

MAX_REDIRECTS = 10
REDIRECTS = {301, 302, 303, 307, 308}
KEEPS_METHOD = {307, 308}
USER_AGENT = "TwilioProxy/1.1"
FORM = "application/x-www-form-urlencoded"


class WebhookClient:
    """Sends webhooks. One per exchange; close() it."""

    def __init__(self, clock: Clock, token: str, shared_key: tuple[str, str] | None = None) -> None:
        self.clock, self.token, self.shared_key = clock, token, shared_key
        self.jars = CookieJars(clock)
        self.cached: BoundedDict[str, WebhookResponse] = BoundedDict(MAX_CACHED_RESPONSES, size_of=body_size)
        self.logins: BoundedDict[tuple[str, str], bool] = BoundedDict(MAX_PAIRS)
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=10, keepalive_timeout=5),
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
        """Ask, retrying as the URL's overrides say. Never raises for what the other side does: see Answer.error.

        `copies` of one delivery go out at once, all with the same idempotency token; the first one's answer counts."""
        idempotency = str(uuid.uuid4())
        answers = await asyncio.gather(*(self._deliver(webhook, token, idempotency) for _ in range(copies)))
        return answers[0]

    async def _deliver(self, webhook: Webhook, token: str | None, idempotency: str) -> WebhookResponse:
        started = time.perf_counter()
        try:
            overrides = ConnectionOverrides.from_url(webhook.url)
            async with self.clock.deadline(overrides.total):
                answer = await self._attempts(webhook, overrides, idempotency, token or self.token)
        except RequestFailed as failure:
            answer = WebhookResponse(webhook.url, status=failure.status, error=failure.code, detail=failure.detail)
        except ValueError:  # an address nothing can be made of, as in http://[x
            answer = WebhookResponse(webhook.url, error=11100, detail=webhook.url)
        except TimeoutError:
            answer = WebhookResponse(
                webhook.url, error=11200 if webhook.channel == "sms" else 11205, detail="no answer in time"
            )
        answer.seconds = time.perf_counter() - started
        answer.request = answer.request or _shown(webhook)
        return answer

    async def _attempts(
        self, webhook: Webhook, overrides: ConnectionOverrides, idempotency: str, token: str
    ) -> WebhookResponse:
        if overrides.unknown:
            raise RequestFailed(11243, overrides.unknown)
        for attempt in range(overrides.retries + 1):
            last = attempt == overrides.retries
            try:
                answer = await self._follow(webhook, overrides, idempotency, token)
            except RequestFailed as failure:
                if last or not overrides.retries_after(failure.policy):
                    raise
                continue
            if last or answer.status < 400 or not overrides.retries_after(f"{answer.status // 100}xx"):
                return answer
        raise AssertionError("unreachable")

    async def _follow(
        self, webhook: Webhook, overrides: ConnectionOverrides, idempotency: str, token: str
    ) -> WebhookResponse:
        """One attempt with its redirects. A redirected request carries none of Twilio's parameters."""
        method, parameters, url = webhook.method, webhook.parameters, webhook.url
        for _ in range(MAX_REDIRECTS + 1):
            request = _Request(self, webhook, method, url, parameters, idempotency, token)
            answer = await request.send(overrides)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            url, parameters = resolve(answer.url, answer.headers["location"]), ()
            method = method if answer.status in KEEPS_METHOD else "GET"
        raise RequestFailed(11215, url)


class _Request:
    """One request over the wire, and a second one with a login when the first is answered 401."""

    def __init__(
        self,
        client: WebhookClient,
        webhook: Webhook,
        method: str,
        url: str,
        parameters: tuple[tuple[str, str], ...],
        idempotency: str,
        token: str,
    ) -> None:
        self.client, self.webhook, self.method, self.parameters = client, webhook, method, parameters
        bare, self.user, self.password = without_userinfo(url)
        self.url = checked_url(wire_url(bare, parameters if method == "GET" else ()))
        self.token, self.idempotency = token, idempotency
        self.shared_key, self.algorithm = "", "sha1"
        if client.shared_key:
            self.shared_key, secret = client.shared_key
            self.token, self.algorithm = secret if token == client.token else token, "sha256"

    async def send(self, overrides: ConnectionOverrides) -> WebhookResponse:
        realm = (self.webhook.cookie_jar, urlsplit(self.url).netloc)
        login = realm in self.client.logins and bool(self.user)
        answer = await self._send_once(overrides, basic=login)
        if answer.status == 401 and self.user and not login:
            challenge = answer.headers.get("www-authenticate", "").lower()
            answer = await self._send_once(overrides, basic=challenge.startswith("basic"), digest="digest" in challenge)
            self.client.logins[realm] = challenge.startswith("basic")
        return answer

    async def _send_once(
        self, overrides: ConnectionOverrides, basic: bool = False, digest: bool = False
    ) -> WebhookResponse:
        headers = self._headers()
        if basic:
            headers["Authorization"] = aiohttp.encode_basic_auth(self.user, self.password)
        extra: dict[str, Any] = {}
        if digest:
            extra["middlewares"] = (aiohttp.DigestAuthMiddleware(self.user, self.password),)
        body: bytes | AsyncIterator[bytes] | None = (
            encode_form(self.parameters).encode() if self.method == "POST" else None
        )
        if (
            isinstance(body, bytes) and self.webhook.body_seconds and not digest
        ):  # which would want the body a second time
            headers["Content-Length"] = str(len(body))
            body = self.client.clock.trickle(body, self.webhook.body_seconds)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=overrides.connect, sock_read=overrides.read)
        try:
            async with self.client.session.request(
                self.method,
                URL(self.url, encoded=True),
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                **extra,
            ) as response:
                self.client.jars.store(self.webhook.cookie_jar, self.url, response.headers.getall("Set-Cookie", []))
                return self._from_cache_or(await self._read(response), headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise request_failure(error, self.url) from None

    def _headers(self) -> dict[str, str]:
        voice = self.webhook.channel in ("voice", "voice-status")
        signed = self.parameters if self.method == "POST" else ()
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
            "X-Twilio-Signature": signature(self.token, signed_url(self.url, voice), signed, self.algorithm),
            "I-Twilio-Idempotency-Token": self.idempotency,
            "X-Home-Region": "us1",
        }
        if self.shared_key:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={self.shared_key},algorithm=HMAC_SHA256"
        if self.method == "POST":
            headers["Content-Type"] = FORM + ("; charset=UTF-8" if voice else "")
        if cookies := self.client.jars.header(self.webhook.cookie_jar, self.url):
            headers["Cookie"] = cookies
        return headers | self._validators()

    def _validators(self) -> dict[str, str]:
        known = self.client.cached.get(self.url) if self.method == "GET" else None
        if known is None:
            return {}
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        return {asked: known.headers[kept] for kept, asked in names.items() if kept in known.headers}

    async def _read(self, response: aiohttp.ClientResponse) -> WebhookResponse:
        body = b""
        async for piece in response.content.iter_chunked(16 * 1024):
            body += piece
            if len(body) > self.webhook.max_bytes:
                raise RequestFailed(11750, status=response.status)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return WebhookResponse(
            self.url, response.status, headers, body, request=_shown(self.webhook, self.url, self.method)
        )

    def _from_cache_or(self, answer: WebhookResponse, sent: dict[str, str]) -> WebhookResponse:
        if self.method != "GET":
            return answer
        if answer.status == 304 and self.url in self.client.cached:
            known = self.client.cached[self.url]
            return WebhookResponse(known.url, known.status, known.headers, known.body, request=answer.request)
        if answer.status == 200 and not answer.headers.keys().isdisjoint({"etag", "last-modified"}):
            self.client.cached[self.url] = answer
        return answer


def _shown(webhook: Webhook, url: str = "", method: str = "") -> dict[str, Any]:
    """The request as the debugger shows it."""
    return {"method": method or webhook.method, "url": url or webhook.url, "parameters": list(webhook.parameters)}
