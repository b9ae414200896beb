"""Stripe: https://docs.stripe.com/webhooks#verify-manually.

The HMAC key is the secret as written, including `whsec_`; unlike in Standard Webhooks, it is not decoded.
"""

import re
import secrets as random
import time
from typing import Any

from config import Secrets
from receiving.delivery import Delivery
from receiving.provider_event import ProviderEvent, parse_json
from receiving.providers.timestamped_hmac import TimestampedHMAC
from receiving.sample_requests import make_json_delivery
from receiving.summaries import stripe

SECRET_PATTERN = re.compile(r"whsec_\S{16,}")

SAMPLES: dict[str, dict[str, object]] = {
    "checkout.session.completed": {"object": "checkout.session", "amount_total": 4900, "payment_status": "paid"},
    "payment_intent.succeeded": {
        "object": "payment_intent",
        "amount": 4900,
        "amount_received": 4900,
        "status": "succeeded",
    },
    "invoice.paid": {"object": "invoice", "amount_paid": 4900, "status": "paid"},
    "invoice.payment_failed": {"object": "invoice", "amount_due": 4900, "attempt_count": 1},
    "customer.subscription.deleted": {"object": "subscription", "status": "canceled"},
    "charge.dispute.created": {"object": "dispute", "amount": 4900, "reason": "product_not_received"},
}


class Stripe(TimestampedHMAC):
    """Stripe's own libraries accept future timestamps; `TimestampedHMAC` rejects those beyond the tolerance."""

    title = "Stripe"
    setting_description = (
        "Stripe: the endpoint's signing secret, `whsec_…`; test mode and live mode use different secrets"
    )
    signature_header = "stripe-signature"
    max_bytes_by_type = {"application/json": 1024 * 1024}
    claim_ttl_seconds = 30 * 24 * 3600  # `stripe events resend` accepts events up to 30 days old
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Each secret must be one of Stripe's."""
        if not all(SECRET_PATTERN.fullmatch(secret) for secret in secrets):
            raise ValueError("must be whsec_ and at least 16 characters, as Stripe's Dashboard shows it")

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event; a retry has the same id."""
        event = ProviderEvent("", parse_json(delivery.body), "")
        return [ProviderEvent(event["type"], event.data, event["id"] or delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`49.00 GBP: checkout session completed (test)`."""
        return stripe.summarize(event)

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return a test-mode event."""
        thing: dict[str, Any] = {"id": f"obj_{random.token_hex(12)}", "currency": "gbp", "livemode": False}
        payload = {
            "id": f"evt_{random.token_hex(12)}",
            "object": "event",
            "api_version": "2026-10-29",
            "created": int(time.time()),
            "type": event_name,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {"object": thing | SAMPLES[event_name]},
        }
        return make_json_delivery(url, payload, user_agent="Stripe/1.0 (+https://stripe.com/docs/webhooks)")
