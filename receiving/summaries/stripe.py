"""Summaries of Stripe's events, with the amount that each event is about: https://docs.stripe.com/api/events/types."""

from collections.abc import Mapping

from receiving.provider_event import ProviderEvent, split_words

# https://docs.stripe.com/currencies#zero-decimal. Stripe's decimals differ from those of ISO 4217 and CLDR.
ZERO_DECIMAL = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THREE_DECIMAL = "bhd jod kwd omr tnd"
DECIMAL_PLACES = dict.fromkeys(ZERO_DECIMAL.split(), 0) | dict.fromkeys(THREE_DECIMAL.split(), 3)
# These have no decimals, but Stripe's amounts have two: https://docs.stripe.com/currencies#special-cases.
WITHOUT_MINOR_UNIT = ("isk", "ugx")

# Event -> the field with its amount. Amounts that only grow, such as amount_refunded, are reported as their increase.
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


def summarize(event: ProviderEvent) -> str:
    """Return `49.00 GBP: checkout session completed (test)`."""
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
    """Return the amount that the event is about in minor units, or None if there is none or its currency is unknown."""
    field = AMOUNT_BY_EVENT.get(event.name) or AMOUNT_BY_OBJECT.get(event["data.object.object"], "amount")
    amount, currency = event.lookup(f"data.object.{field}"), event.lookup("data.object.currency")
    if not _is_amount(amount) or not isinstance(currency, str) or not (len(currency) == 3 and currency.isalpha()):
        return None
    before = event.lookup(f"data.previous_attributes.{field}")
    return int(amount) - int(before) if field in GROWING and _is_amount(before) else int(amount)


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15
