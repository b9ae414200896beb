"""What happens to an endpoint that keeps failing: it gets only probes, and after five days it is disabled."""

from sending import outbox
from sending.http import urls
from sending.webhooks.endpoint_responses import FILTERED
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.webhook_request import DeliveryAttempt
from store import Store

# The endpoint's circuit breaker: after this many failures in a row, only one probe at a time is sent.
MAX_CONSECUTIVE_FAILURES = 5
MIN_PROBE_INTERVAL_SECONDS, MAX_PROBE_INTERVAL_SECONDS = 30, 1_800  # the interval doubles with each failure

DISABLE_AFTER_SECONDS = 5 * 24 * 3600  # without a successful attempt


def disables_endpoint(last: DeliveryAttempt) -> bool:
    """Return whether this attempt alone disables the endpoint. An attempt at the fallback URL never does."""
    return last.outcome.disables_endpoint and not last.used_fallback


def disable_if_failing(
    redis: Store, endpoint: WebhookEndpoint, last: DeliveryAttempt, failing_since: float, now: float
) -> None:
    """Disable the endpoint and text its owner if the last attempt demands it or all attempts have failed for five days.

    `failing_since` is the Unix timestamp of the first failure since the last success, or 0.0. A message that the event
    filter excludes was not sent, so it says nothing about the endpoint.
    """
    if disables_endpoint(last):
        _disable(redis, endpoint, last.outcome.advice, now)
    elif last.outcome.verdict != FILTERED and failing_since and now - failing_since > DISABLE_AFTER_SECONDS:
        _disable(redis, endpoint, "The endpoint accepted nothing for five days, so we have disabled it.", now)


def _disable(redis: Store, endpoint: WebhookEndpoint, reason: str, now: float) -> None:
    """Disable the endpoint and text its owner, unless it has been disabled or deleted in the meantime."""
    if not stored_endpoints.disable(redis, endpoint.id, reason):
        return
    if endpoint.owner:
        text = f"We no longer send webhooks to {urls.host_of(endpoint.url)}. {reason}"
        pipe = redis.pipeline()
        outbox.plan(pipe, outbox.OutboundMessage(f"stopped-{endpoint.id}-{int(now)}", endpoint.owner, text, ""), now)
        pipe.execute()
