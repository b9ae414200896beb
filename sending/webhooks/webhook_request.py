"""One delivery attempt: signs the request, sends it and records the result."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import RequestFailed
from sending.webhooks import endpoint_responses, signatures
from sending.webhooks.endpoint_responses import AttemptOutcome
from sending.webhooks.endpoints.credentials import Credentials
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint

MAX_RESPONSE_BODY_BYTES = 2_000  # the part of each response body that is recorded
MAX_RESPONSE_HEADER_CHARACTERS = 500
RECORDED_RESPONSE_HEADERS = (
    "content-type",
    "date",
    "location",
    "retry-after",
    "server",
    endpoint_responses.DELIVERY_CONTROL_HEADER,
)
IMMEDIATE_RETRY_WITHIN_SECONDS = 1.0  # a stale keep-alive connection fails this fast: retry once, without delay


@dataclass(frozen=True)
class WebhookMessage:
    """A message to send. `attempt_number` starts at 1; `sequence` numbers one endpoint's messages."""

    id: str
    event_type: str
    body: bytes
    sequence: int
    attempt_number: int


@dataclass(frozen=True)
class DeliveryAttempt:
    """The record of one request. Without a response, `status` is 0, and `cause` and `detail` say why there is none.

    `message` is the message's id; `time` is a Unix timestamp. In `request_headers`, custom header values are masked.
    """

    message: str
    event_type: str
    attempt_number: int
    time: float
    url: str
    used_fallback: bool
    request_headers: dict[str, str]
    status: int = 0
    cause: str = ""
    detail: str = ""
    response_headers: dict[str, str] | None = None
    response_body: str = ""
    ip_address: str = ""
    connect_ms: float = 0.0
    first_byte_ms: float = 0.0
    duration_ms: float = 0.0

    @property
    def outcome(self) -> AttemptOutcome:
        """What this attempt means for the message and the endpoint."""
        if self.cause == endpoint_responses.FILTERED:
            return AttemptOutcome(endpoint_responses.FILTERED)
        if not self.status:
            return endpoint_responses.classify_cause(self.cause)  # type: ignore[arg-type]
        return endpoint_responses.classify_response(
            self.status, (self.response_headers or {}).get(endpoint_responses.DELIVERY_CONTROL_HEADER, "")
        )


def attempt(
    client: HttpClient,
    endpoint: WebhookEndpoint,
    credentials: Credentials,
    message: WebhookMessage,
    http: bool = False,
) -> list[DeliveryAttempt]:
    """Send the message and return the attempts made, of which the last one counts.

    There are several after an immediate retry, or if the fallback URL was used. `http` allows unencrypted URLs.
    """
    send = partial(_send, client, endpoint, credentials, message, http)
    attempts = [send()]
    first = attempts[0]
    if first.cause in ("connect", "protocol") and first.duration_ms < 1000 * IMMEDIATE_RETRY_WITHIN_SECONDS:
        attempts.append(send())
    if endpoint.fallback_url and attempts[-1].cause in endpoint_responses.FALLBACK_CAUSES:
        attempts.append(send(fallback_cause=attempts[-1].cause))
    return attempts


def record_filtered(endpoint: WebhookEndpoint, message: WebhookMessage) -> list[DeliveryAttempt]:
    """Return the record of a message that the endpoint's event filter excludes, for which no request was made."""
    record = _new_record(message, endpoint.event_filter, time.time())
    detail = f"The endpoint's event filter does not list {message.event_type}."
    return [replace(record, cause=endpoint_responses.FILTERED, detail=detail)]


def _send(
    client: HttpClient,
    endpoint: WebhookEndpoint,
    credentials: Credentials,
    message: WebhookMessage,
    http: bool,
    fallback_cause: str = "",
) -> DeliveryAttempt:
    """Send one request. With a `fallback_cause`, send it to the fallback URL and name the cause in a header."""
    now, cookie_jar = time.time(), credentials.cookie_jar
    headers = _build_headers(endpoint, credentials, message, now, fallback_cause)
    url = endpoint.fallback_url if fallback_cause else endpoint.url
    masked_headers = dict.fromkeys(credentials.headers, "•••") | headers
    record = replace(_new_record(message, url, now), used_fallback=bool(fallback_cause), request_headers=masked_headers)
    request: dict[str, Any] = {"headers": {**credentials.headers, **headers}, "body": message.body, "http": http}
    try:
        cookie = cookie_jar.cookie_header(url) if cookie_jar else ""
        response = client.request("POST", url, **request, cookie=cookie, max_kept_bytes=MAX_RESPONSE_BODY_BYTES)
    except RequestFailed as error:
        duration_ms = round(1000 * error.elapsed, 1)
        return replace(record, cause=error.cause, detail=error.detail, duration_ms=duration_ms)
    if cookie_jar and response.set_cookies:
        cookie_jar.store_cookies(url, response.set_cookies)
    return _with_response(record, response)


def _build_headers(
    endpoint: WebhookEndpoint, credentials: Credentials, message: WebhookMessage, now: float, fallback_cause: str
) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "webhook-sequence": str(message.sequence),
        **({"webhook-fallback": fallback_cause} if fallback_cause else {}),
        **signatures.sign(message.id, int(now), message.body, credentials.keys),
        **(signatures.sign_body_only(message.body, credentials.keys) if endpoint.sign_body else {}),
    }


def _new_record(message: WebhookMessage, url: str, now: float) -> DeliveryAttempt:
    return DeliveryAttempt(message.id, message.event_type, message.attempt_number, round(now, 3), url, False, {})


def _with_response(record: DeliveryAttempt, response: HttpResponse) -> DeliveryAttempt:
    recorded = [name for name in RECORDED_RESPONSE_HEADERS if name in response.headers]
    return replace(
        record,
        status=response.status,
        cause="" if 200 <= response.status < 300 else "status",
        response_headers={name: response.headers[name][:MAX_RESPONSE_HEADER_CHARACTERS] for name in recorded},
        response_body=response.body.decode("utf-8", "replace"),
        ip_address=response.ip_address,
        connect_ms=round(1000 * (response.timing.connect + response.timing.tls), 1),
        first_byte_ms=round(1000 * response.timing.first_byte, 1),
        duration_ms=round(1000 * response.elapsed, 1),
    )
