"""One attempt at one webhook: signed, sent, and written down as it was."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import RequestFailed
from sending.webhooks import outcomes, signatures
from sending.webhooks.credentials import Credentials
from sending.webhooks.endpoints import WebhookEndpoint
from sending.webhooks.outcomes import AttemptOutcome

MAX_RESPONSE_BODY_BYTES = 2_000  # bytes of the answer's body that are kept
# Of the answer: what helps to find faults, and what the receiver wants of us.
RECORDED_RESPONSE_HEADERS = (
    "content-type",
    "date",
    "location",
    "retry-after",
    "server",
    outcomes.DELIVERY_CONTROL_HEADER,
)
IMMEDIATE_RETRY_WITHIN_SECONDS = (
    1.0  # seconds: what broke sooner than this is tried once more at once, as a stale connection breaks
)


@dataclass(frozen=True)
class WebhookMessage:
    """What is to be sent, as it was claimed: `tries` counts this attempt too, `sequence` counts per subscriber."""

    id: str
    event_type: str
    body: bytes
    sequence: int
    tries: int


@dataclass(frozen=True)
class DeliveryAttempt:
    """One request and what came of it. `status` is 0 when nothing came; then `cause` and `sentence` say why.

    Of the request, the headers are kept, but not the values that the endpoint entrusted to us; its body is the
    message's. Times in seconds since 1970 (`at`) and milliseconds.
    """

    message: str
    event_type: str
    tries: int
    at: float
    url: str
    fallback: bool
    request: dict[str, str]
    status: int = 0
    cause: str = ""
    sentence: str = ""
    response: dict[str, str] | None = None
    body: str = ""
    address: str = ""
    connect: float = 0.0
    first_byte: float = 0.0
    duration_ms: float = 0.0

    @property
    def outcome(self) -> AttemptOutcome:
        """What follows from it."""
        if self.cause == outcomes.FILTERED:
            return AttemptOutcome("unwanted")
        if not self.status:
            return outcomes.classify_cause(self.cause)  # type: ignore[arg-type]
        return outcomes.classify_response(self.status, (self.response or {}).get(outcomes.DELIVERY_CONTROL_HEADER, ""))


def attempt(
    client: HttpClient,
    subscriber: WebhookEndpoint,
    credentials: Credentials,
    message: WebhookMessage,
    http: bool = False,
) -> list[DeliveryAttempt]:
    """Send it now. Several rows when it was tried again at once, or at the fallback address: the last one counts."""
    send = partial(_send, client, subscriber, credentials, message, http)
    rows = [send()]
    if rows[0].cause in ("connect", "protocol") and rows[0].duration_ms < 1000 * IMMEDIATE_RETRY_WITHIN_SECONDS:
        rows.append(send())
    if subscriber.fallback_url and rows[-1].cause in outcomes.FALLBACK_CAUSES:
        rows.append(send(fallback_cause=rows[-1].cause))
    return rows


def record_filtered(subscriber: WebhookEndpoint, message: WebhookMessage) -> list[DeliveryAttempt]:
    """Nothing was sent, and why."""
    sentence = f"Its list of wishes does not name {message.event_type}."
    at = round(time.time(), 3)
    row = DeliveryAttempt(message.id, message.event_type, message.tries, at, subscriber.event_filter, False, {})
    return [replace(row, cause=outcomes.FILTERED, sentence=sentence)]


def _send(
    client: HttpClient,
    subscriber: WebhookEndpoint,
    credentials: Credentials,
    message: WebhookMessage,
    http: bool,
    fallback_cause: str = "",
) -> DeliveryAttempt:
    """`fallback_cause` is the cause for which the fallback address gets it; it is told so."""
    now, jar = time.time(), credentials.jar
    headers = {
        "Content-Type": "application/json",
        "webhook-sequence": str(message.sequence),
        **({"webhook-fallback": fallback_cause} if fallback_cause else {}),
        **signatures.sign(message.id, int(now), message.body, credentials.keys),
        **(signatures.sign_body_only(message.body, credentials.keys) if subscriber.sign_body else {}),
    }
    url = subscriber.fallback_url if fallback_cause else subscriber.url
    told = dict.fromkeys(credentials.headers, "•••") | headers
    row = DeliveryAttempt(message.id, message.event_type, message.tries, round(now, 3), url, bool(fallback_cause), told)
    sent: dict[str, Any] = {"headers": {**credentials.headers, **headers}, "body": message.body}
    try:
        cookie = jar.header(url) if jar else ""
        reply = client.request("POST", url, **sent, cookie=cookie, max_kept_bytes=MAX_RESPONSE_BODY_BYTES, http=http)
    except RequestFailed as failure:
        milliseconds = round(1000 * failure.elapsed, 1)
        return replace(row, cause=failure.cause, sentence=failure.sentence, duration_ms=milliseconds)
    if jar and reply.set_cookies:
        jar.keep(url, reply.set_cookies)
    return _with_response(row, reply)


def _with_response(row: DeliveryAttempt, reply: HttpResponse) -> DeliveryAttempt:
    return replace(
        row,
        status=reply.status,
        cause="" if 200 <= reply.status < 300 else "status",
        response={name: reply.headers[name][:500] for name in RECORDED_RESPONSE_HEADERS if name in reply.headers},
        body=reply.body.decode("utf-8", "replace"),
        address=reply.address,
        connect=round(1000 * (reply.timing.connect + reply.timing.tls), 1),
        first_byte=round(1000 * reply.timing.first_byte, 1),
        duration_ms=round(1000 * reply.elapsed, 1),
    )
