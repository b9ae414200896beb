"""Stripe: https://docs.stripe.com/webhooks#verify-manually.

The secret counts as it is written, `whsec_` included: not as in Standard Webhooks.
"""

import hashlib
import hmac
import secrets as random
import time
from typing import Any

from config import Secrets
from receiving.delivery import Delivery
from receiving.errors import InvalidSignature, MissingSignature
from receiving.provider_event import ProviderEvent, parse_json, split_words
from receiving.samples import make_json_delivery
from receiving.signatures import check_timestamp, matches_any, parse_signature_header, parse_timestamp

SETTING_DESCRIPTION = "Stripe: the endpoint's signing secret, whsec_…; the test mode and the live mode have one each"
SIGNATURE_HEADER = "stripe-signature"
MAX_BYTES_BY_TYPE = {"application/json": 1024 * 1024}
CLAIM_TTL_SECONDS = 30 * 24 * 3600  # its command line resends for 30 days
TOLERANCE_SECONDS = 300  # seconds, as Stripe's own libraries have it; theirs let the future in, we do not


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """One `v1` must be ours. Other schemes are ignored: `v0` is a decoy on test events."""
    if not delivery.headers.get(SIGNATURE_HEADER):
        raise MissingSignature(SIGNATURE_HEADER)
    at, given = parse_signature_header(delivery.headers[SIGNATURE_HEADER])
    ours = [_signature(secret, at, delivery.body) for secret in secrets]
    if not any(matches_any(one, ours) for one in given):
        raise InvalidSignature("Stripe-Signature does not fit this request.")
    check_timestamp(delivery, parse_timestamp(at), TOLERANCE_SECONDS)


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Stripe signs it, with the time it was received as the time of the attempt."""
    at = str(int(delivery.received_at))
    return delivery.with_headers(**{SIGNATURE_HEADER: f"t={at},v1={_signature(secrets[0], at, delivery.body)}"})


def _signature(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed_at(delivery: Delivery) -> float | None:
    """The header's `t`."""
    return parse_timestamp(parse_signature_header(delivery.headers.get(SIGNATURE_HEADER, ""))[0])


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event; a retry has the same id."""
    notice = ProviderEvent("", parse_json(delivery.body), "")
    return [ProviderEvent(notice["type"], notice.data, notice["id"] or delivery.fingerprint)]


AMOUNT_FIELDS = ("amount_total", "amount_paid", "amount_due", "amount")


def summarize(notice: ProviderEvent) -> str:
    """`49.00 GBP: checkout session completed (test)`."""
    amount = next(filter(None, (notice[f"data.object.{name}"] for name in AMOUNT_FIELDS)), "")
    what = split_words(notice.name)
    live = "" if notice["livemode"] == "True" else " (test)"
    return (f"{_format_amount(amount, notice['data.object.currency'])}: {what}" if amount.isdecimal() else what) + live


# https://docs.stripe.com/currencies#zero-decimal
ZERO_DECIMAL_CURRENCIES = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
THREE_DECIMAL_CURRENCIES = "bhd jod kwd omr tnd"


def _format_amount(amount: str, currency: str) -> str:
    places = (
        0 if currency in ZERO_DECIMAL_CURRENCIES.split() else 3 if currency in THREE_DECIMAL_CURRENCIES.split() else 2
    )
    return f"{int(amount) / 10**places:.{places}f} {currency.upper()}"


SAMPLES: dict[str, dict[str, object]] = {
    "checkout.session.completed": {"object": "checkout.session", "amount_total": 4900, "payment_status": "paid"},
    "payment_intent.succeeded": {"object": "payment_intent", "amount": 4900, "status": "succeeded"},
    "invoice.paid": {"object": "invoice", "amount_paid": 4900, "status": "paid"},
    "invoice.payment_failed": {"object": "invoice", "amount_due": 4900, "attempt_count": 1},
    "customer.subscription.deleted": {"object": "subscription", "status": "canceled"},
    "charge.dispute.created": {"object": "dispute", "amount": 4900, "reason": "product_not_received"},
}


def sample(event: str, url: str) -> Delivery:
    """Such an event in test mode."""
    thing: dict[str, Any] = {"id": f"obj_{random.token_hex(12)}", "currency": "gbp", "livemode": False}
    facts = {
        "id": f"evt_{random.token_hex(12)}",
        "object": "event",
        "api_version": "2026-10-29",
        "created": int(time.time()),
        "type": event,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": thing | SAMPLES[event]},
    }
    return make_json_delivery(url, facts, user_agent="Stripe/1.0 (+https://stripe.com/docs/webhooks)")
