"""Stripe: https://docs.stripe.com/webhooks#verify-manually.

The HMAC key is the secret as written, including `whsec_`; unlike in Standard Webhooks, it is not decoded.
"""

import re
import secrets as random
import time
from collections.abc import Mapping
from typing import Any

from config import Secrets
from receiving.body_parsing import parse_json
from receiving.delivery import Delivery, make_json_delivery
from receiving.event_summaries import ProviderEvent, split_words
from receiving.providers.timestamped_hmac import TimestampedHMAC

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

# https://docs.stripe.com/currencies#zero-decimal. Stripe's decimal places differ from those of ISO 4217 and CLDR.
ZERO_DECIMAL = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE_DECIMAL = "bhd jod kwd omr tnd"
DECIMAL_PLACES = dict.fromkeys(ZERO_DECIMAL.split(), 0) | dict.fromkeys(THREE_DECIMAL.split(), 3)
# These have no decimals, but Stripe's amounts have two: https://docs.stripe.com/currencies#special-cases.
WITHOUT_MINOR_UNIT = ("isk", "ugx")

# Event -> the field with its amount. Cumulative amounts, such as amount_refunded, are reported as their increase.
AMOUNT_BY_EVENT: Mapping[str, str] = {
    "application_fee.refunded": "amount_refunded",
    "charge.captured": "amount_captured",
    "charge.refunded": "amount_refunded",
    "invoice.marked_uncollectible": "amount_remaining",
    "invoice.overpaid": "amount_overpaid",
    "invoice.paid": "amount_paid",
    "invoice.payment_succeeded": "amount_paid",
    "payment_intent.amount_capturable_updated": "amount_capturable",
    "payment_intent.partially_funded": "amount_received",
    "payment_intent.succeeded": "amount_received",
    "transfer.reversed": "amount_reversed",
}
GROWING = ("amount_refunded", "amount_reversed")
# Type of object -> the field with its amount; "" if an amount would be misleading. Other objects: `amount`.
AMOUNT_BY_OBJECT: Mapping[str, str] = {
    "checkout.session": "amount_total",
    "customer_cash_balance_transaction": "net_amount",
    "invoice": "amount_due",
    "price": "unit_amount",
    "quote": "amount_total",
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
        """Require secrets in Stripe's format."""
        if not all(SECRET_PATTERN.fullmatch(secret) for secret in secrets):
            raise ValueError("must be whsec_ and at least 16 characters, as Stripe's Dashboard shows it")

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event; a retry has the same id."""
        event = ProviderEvent("", parse_json(delivery.body), "")
        return [ProviderEvent(event["type"], event.data, event["id"] or delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`49.00 GBP: checkout session completed (test)`."""
        return _summarize(event)

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


def _summarize(event: ProviderEvent) -> str:
    amount = _amount(event)
    price = f"{format_amount(amount, event['data.object.currency'])}: " if amount is not None else ""
    return f"{price}{split_words(event.name)}" + ("" if event["livemode"] == "True" else " (test)")


def format_amount(amount: int, currency: str) -> str:
    """Return an amount in Stripe's minor units as `49.00 GBP`."""
    code = currency.lower()
    places = DECIMAL_PLACES.get(code, 2)
    shown = 0 if code in WITHOUT_MINOR_UNIT and amount % 100 == 0 else places
    return f"{amount / 10**places:.{shown}f} {code.upper()}"


def _amount(event: ProviderEvent) -> int | None:
    """Return the event's amount in minor units, or None if there is none or its currency is unknown."""
    field = AMOUNT_BY_EVENT.get(event.name) or AMOUNT_BY_OBJECT.get(event["data.object.object"], "amount")
    amount, currency = event.lookup(f"data.object.{field}"), event.lookup("data.object.currency")
    if not _is_amount(amount) or not isinstance(currency, str) or not (len(currency) == 3 and currency.isalpha()):
        return None
    before = event.lookup(f"data.previous_attributes.{field}")
    return int(amount) - int(before) if field in GROWING and _is_amount(before) else int(amount)


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15
