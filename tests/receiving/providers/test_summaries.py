"""The one-line summary of every kind of event that people follow: true, short, and with the right amount.

Each line of summaries.jsonl is a provider, an event's name, its payload after the provider's public schema, and the
summary. The payload of Braintree is the XML of its subject; that of Mailchimp is a form.
"""

import base64
import json
from pathlib import Path

import pytest

from receiving import providers
from receiving.delivery import Delivery, make_form_delivery, make_json_delivery
from receiving.event_summaries import MAX_LINE_CHARS, one_line
from receiving.providers.stripe import format_amount

URL = "https://talk.example/webhooks/provider"
ROWS = [json.loads(line) for line in Path(__file__).with_name("summaries.jsonl").read_text("utf-8").splitlines()]


def delivered(provider: str, event: str, payload: object) -> Delivery:
    """The request with this event, as the provider sends it."""
    if provider == "braintree":
        xml = f"<notification><kind>{event}</kind><subject>{payload}</subject></notification>"
        return make_form_delivery(URL, [("bt_payload", base64.encodebytes(xml.encode()).decode())])
    if provider == "mailchimp":
        return make_form_delivery(URL, dict(payload).items())  # type: ignore[call-overload]
    if provider == "mandrill":
        return make_form_delivery(URL, [("mandrill_events", json.dumps([payload]))])
    return make_json_delivery(URL, [payload] if provider == "sendgrid" else payload, x_github_event=event)


def test_table_has_at_least_60_events_of_every_provider():
    assert len(ROWS) >= 60
    assert {row[0] for row in ROWS} == set(providers.load())


def test_summary_states_what_happened():
    wrong = []
    for provider, event, payload, summary in ROWS:
        (found,) = providers.load()[provider].parse(delivered(provider, event, payload))
        said = one_line(providers.load()[provider].summarize(found))
        if (found.name, said) != (event, summary) or len(said) > MAX_LINE_CHARS:
            wrong.append(f"{provider} {event}: {found.name}, {said!r} instead of {summary!r}")
    assert wrong == []


@pytest.mark.parametrize("amount", [True, "4900", 4900.5, None, [4900], 10**20, {"amount": 1}])
def test_amount_that_is_no_whole_number_is_left_out(amount):
    thing = {"object": "charge", "amount": amount, "currency": "gbp"}
    payload = {"type": "charge.succeeded", "livemode": True, "data": {"object": thing}}
    stripe = providers.load()["stripe"]
    assert stripe.summarize(stripe.parse(make_json_delivery(URL, payload))[0]) == "charge succeeded"


def test_each_currency_has_the_decimals_of_stripe():
    assert format_amount(123, "UGX") == "1.23 UGX"  # Stripe does not charge this, but the amount would be this
    assert [format_amount(1000, code) for code in ("xaf", "tnd", "usd")] == ["1000 XAF", "1.000 TND", "10.00 USD"]
