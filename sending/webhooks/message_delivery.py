"""Sends an endpoint its due messages, and decides from each result what happens next."""

import logging
import random
import secrets
import time
from collections.abc import Sequence

import events
from sending.http import urls
from sending.http.client import HttpClient
from sending.http.retry import parse_retry_after
from sending.webhooks import payloads, retries
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import failing_endpoints, stored_endpoints
from sending.webhooks.endpoints.credentials import Credentials, decrypt_credentials
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.endpoints.event_filter import EventFilter
from sending.webhooks.queue.delivery_queue import ClaimedMessage, DeliveryResult, get_delivery_queue
from sending.webhooks.queue.messages import EXAMPLE_ID_PREFIX
from sending.webhooks.webhook_request import DeliveryAttempt, attempt, record_filtered
from settings.webhook_retry_schedule import DEFAULT_DELAYS_SECONDS
from store import Pipe, Store

log = logging.getLogger(__name__)

SLOT_TIME_SECONDS = 20.0  # after this time, a job releases its slot
MAX_ENDPOINTS_ON_STAGE = 20  # for one message; with more endpoints, the stage shows only failures
STATE_BY_VERDICT = {"delivered": "delivered", "filtered": "filtered", "aborted": "dead"}
EVENT_TYPE_BY_STATE = {"delivered": "webhook.delivered", "waiting": "webhook.failed", "dead": "webhook.dead"}


def deliver(
    redis: Store,
    client: HttpClient,
    encryption: Encryption,
    id: str,
    *,
    http: bool = False,
    origin: str = "",
    schedule: Sequence[float] = DEFAULT_DELAYS_SECONDS,
    slot_seconds: float = SLOT_TIME_SECONDS,
) -> int:
    """Send the endpoint its due messages, one after another. Returns how many were sent or filtered.

    `http` allows unencrypted URLs; `origin` is the base URL for links in thin payloads; `schedule` is in seconds. After
    `slot_seconds`, no further messages are claimed.
    """
    endpoint = stored_endpoints.load(redis, id)
    credentials = _load_credentials(redis, encryption, endpoint) if endpoint else None
    if endpoint is None or credentials is None:
        return 0
    queue, slot, slot_end, count = get_delivery_queue(redis), secrets.token_hex(8), time.monotonic() + slot_seconds, 0
    event_filter = EventFilter(redis, client, endpoint, credentials, http)
    claim = queue.acquire(endpoint, slot, time.time())
    try:
        while claim:
            message = claim.message
            if message.id.startswith(EXAMPLE_ID_PREFIX) or event_filter.allows(message.event_type):
                payload = payloads.build_payload(message, endpoint, origin)
                attempts = attempt(client, endpoint, credentials, payload, http)
            else:
                attempts = record_filtered(endpoint, message)
            result = _build_result(endpoint, claim, attempts, schedule)
            claim, count = _settle(redis, endpoint, slot, result, time.monotonic() < slot_end), count + 1
    finally:
        if claim:  # after an exception
            queue.release(id, slot)
    return count


def _load_credentials(redis: Store, encryption: Encryption, endpoint: WebhookEndpoint) -> Credentials | None:
    """Return the endpoint's credentials. If they cannot be decrypted, pause the endpoint and return None."""
    try:
        return decrypt_credentials(redis, encryption, endpoint, time.time())
    except WrongKey as error:
        log.error("No webhooks are sent to %s: %s", urls.host_of(endpoint.url), error)
        if endpoint.state == "enabled":
            stored_endpoints.pause(redis, endpoint.id, f"{error} Then resume the endpoint.")
        return None


def _build_result(
    endpoint: WebhookEndpoint, claim: ClaimedMessage, attempts: list[DeliveryAttempt], schedule: Sequence[float]
) -> DeliveryResult:
    last, now, fraction = attempts[-1], time.time(), random.random()  # noqa: S311 (jitter, not a secret)
    verdict = last.outcome.verdict
    delay = retries.retry_delay(claim.message.attempt_number, schedule, fraction)
    retry_after = 0.0
    if verdict in ("retry", "back_off"):
        header = (last.response_headers or {}).get("retry-after", "")
        retry_after = parse_retry_after(header, retries.MAX_RETRY_AFTER_SECONDS)
    state = STATE_BY_VERDICT.get(verdict) or ("dead" if delay is None else "waiting")
    hold_seconds = max(retry_after, schedule[min(1, len(schedule) - 1)])
    return DeliveryResult(
        claim.message,
        [*_lost_attempts(endpoint, claim), *attempts],
        state,
        next_attempt_at=now + max(delay or 0.0, retry_after),
        hold_until=now + hold_seconds if verdict == "back_off" else 0.0,
        jitter_factor=1 - retries.JITTER_FRACTION * fraction,
        extra_writes=lambda pipe: _publish_result(pipe, endpoint, claim, last, state),
    )


def _lost_attempts(endpoint: WebhookEndpoint, claim: ClaimedMessage) -> list[DeliveryAttempt]:
    """Return a record for each attempt whose process died before recording the result."""
    detail = "The sending process died before it recorded a response. The message may have arrived."
    id, event_type, number = claim.message.id, claim.message.event_type, claim.message.attempt_number
    return [
        DeliveryAttempt(id, event_type, lost, 0.0, endpoint.url, False, {}, cause="lost", detail=detail)
        for lost in range(number - claim.lost_attempts, number)
    ]


def _settle(
    redis: Store, endpoint: WebhookEndpoint, slot: str, result: DeliveryResult, has_time: bool
) -> ClaimedMessage | None:
    """Record the result, and disable the endpoint if necessary. If `has_time`, returns the next claim that is due."""
    now, last = time.time(), result.attempts[-1]
    has_time = has_time and not failing_endpoints.disables_endpoint(last)
    failing_since, claim = get_delivery_queue(redis).settle(endpoint, slot, result, now, has_time)
    failing_endpoints.disable_if_failing(redis, endpoint, last, failing_since, now)
    return claim


def _publish_result(
    pipe: Pipe, endpoint: WebhookEndpoint, claim: ClaimedMessage, last: DeliveryAttempt, state: str
) -> None:
    if state == "filtered" or (state == "delivered" and claim.endpoint_count > MAX_ENDPOINTS_ON_STAGE):
        return
    data = {"cause": last.cause or None, "status": last.status or None, "ms": last.duration_ms}
    data |= {"endpoint": endpoint.id, "host": urls.host_of(last.url), "attempt": claim.message.attempt_number}
    events.publish(pipe, EVENT_TYPE_BY_STATE[state], claim.message.id, **data)
