"""Our signatures and checks agree with the providers' own libraries and documentation."""

import base64
import json
import shutil
import subprocess
import time
import warnings
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from receiving import providers
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_form_delivery, make_json_delivery
from receiving.rejection_reasons import TimestampOutOfTolerance
from tests.support.person import PUBLIC_URL
from tests.support.processes import NODE, needs
from tests.support.providers import WAYS, secrets

# The libraries are imported only by the tests that need them: together they take most of a second.
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def posted(name, body, kind="application/json", **headers):
    url = f"{PUBLIC_URL}/webhooks/{name}"
    return Delivery("POST", url, {"content-type": kind}, body.encode()).with_headers(**headers)


def ours(name):
    return providers.load()[name]


# From the provider's own documents and tests, or, where these have none, made with
# `printf %s … | openssl dgst -sha256 -hmac …`.
VECTORS = [
    (
        "github",  # docs.github.com, Validating webhook deliveries
        "It's a Secret to Everybody",
        posted("github", "Hello, World!"),
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
    ),
    (
        "standard",  # the specification's libraries
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        replace(posted("standard", '{"test": 2432232314}'), received_at=1614265330.0).with_headers(
            webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek"
        ),
        {"webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    ),
    (
        "heroku",
        "heroku secret",
        posted("heroku", '{"action":"update"}'),
        {"heroku-webhook-hmac-sha256": "j2FMc3Z8ALk4Ski78M0tGA7C4urF14YcyKFhAk4XIDA="},
    ),
    (
        "dropbox",
        "app secret",
        posted("dropbox", '{"list_folder":{"accounts":["dbid:AAA"]}}'),
        {"x-dropbox-signature": "f749aaed872f4b33a790711f5db5930146de8f0193a09b6d3950c6c9709d6abf"},
    ),
    (
        "mailchimp",
        "signing secret",
        replace(
            posted("mailchimp", "type=subscribe&data%5Bid%5D=8a25ff1d98", FORM_CONTENT_TYPE), received_at=1700000000.0
        ),
        {"x-mailchimp-signature": "t=1700000000,v1=19d7e00ed60b21bd78f7591048807aa14a615526fb69405e5347b0a2359e42fc"},
    ),
    (
        "mandrill",
        "mandrill key",
        make_form_delivery(
            "https://ada:lovelace@talk.example/webhooks/mandrill",
            [("mandrill_events", '[{"event":"open","msg":{"subject":"Die Glocke läutet"}}]')],
        ),
        {"x-mandrill-signature": "BzXNer2oMeQL+d9NtVYCkayRClA="},
    ),
]


@pytest.mark.parametrize(("name", "secret", "delivery", "headers"), VECTORS, ids=[row[0] for row in VECTORS])
def test_signature_matches_the_documented_example(name, secret, delivery, headers):
    signed = ours(name).sign(delivery, secrets(secret))
    assert {header: signed.headers[header] for header in headers} == headers
    ours(name).verify(signed, secrets(secret))


def test_sendgrid_example_verifies():
    """From sendgrid-python's test_eventwebhook.py. The final line break is signed too."""
    facts = {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
    delivery = make_json_delivery(f"{PUBLIC_URL}/webhooks/sendgrid", [facts])
    delivery = replace(delivery, body=delivery.body + b"\r\n", received_at=1600112502.0).with_headers(
        x_twilio_email_event_webhook_timestamp="1600112502",
        x_twilio_email_event_webhook_signature="MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+lu"
        "QAbPIqHh89M15TluLtEZtM=",
    )
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g=="
    )
    ours("sendgrid").verify(delivery, secrets(key))


@given(bodies)
def test_stripe_library_agrees(body):
    import stripe

    secret = "whsec_of_these_tests"
    signed = ours("stripe").sign(posted("stripe", body), secrets(secret))
    stripe.WebhookSignature.verify_header(body, signed.headers["stripe-signature"], secret, tolerance=300)
    theirs = stripe.WebhookSignature.generate_signature_header(body, secret)
    ours("stripe").verify(posted("stripe", body, stripe_signature=theirs), secrets(secret))


@given(bodies)
def test_standard_webhooks_library_agrees(body):
    secret = WAYS["standard"][0]
    reference = standardwebhooks.Webhook(secret)
    signed = ours("standard").sign(posted("standard", body), secrets(secret))
    reference.verify(signed.body, signed.headers, json_parse=False)
    at = datetime.now(UTC)
    headers = {"webhook_id": "msg_1", "webhook_timestamp": str(int(at.timestamp()))}
    theirs = posted("standard", body, **headers, webhook_signature=reference.sign("msg_1", at, body))
    ours("standard").verify(theirs, secrets(secret))


@given(bodies)
def test_sendgrid_library_verifies_our_signatures(body):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from sendgrid.helpers.eventwebhook import EventWebhook

    from receiving.providers.sendgrid import _public_key

    public = _public_key(WAYS["sendgrid"][0]).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = ours("sendgrid").sign(posted("sendgrid", body), secrets(WAYS["sendgrid"][0]))
    signature, at = (signed.headers[f"x-twilio-email-event-webhook-{part}"] for part in ("signature", "timestamp"))
    assert EventWebhook(base64.b64encode(public).decode()).verify_signature(body, signature, at)


@pytest.fixture
def gateway():
    """Braintree's library with the keys of these tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own, when it is imported
        import braintree
    place = braintree.Environment.Sandbox
    return braintree.BraintreeGateway(braintree.Configuration(place, "merchant", "public_1", "private_1"))


@pytest.mark.parametrize("kind", list(ours("braintree").samples))
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_notification_from_the_braintree_library_is_parsed(gateway, kind):
    sample = gateway.webhook_testing.sample_notification(kind, "8f3k2p")
    delivery = make_form_delivery(
        f"{PUBLIC_URL}/webhooks/braintree", [(name, as_text(value)) for name, value in sample.items()]
    )
    ours("braintree").verify(delivery, secrets("public_1:private_1"))
    (notice,) = ours("braintree").parse(delivery)
    assert notice.name == kind
    assert ours("braintree").summarize(notice)


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("kind", list(ours("braintree").samples))
def test_braintree_library_parses_our_notification(gateway, kind):
    delivery = ours("braintree").sample(kind, f"{PUBLIC_URL}/webhooks/braintree")
    signed = ours("braintree").sign(delivery, secrets("public_1:private_1"))
    parsed = gateway.webhook_notification.parse(signed["bt_signature"], signed["bt_payload"])
    assert parsed.kind == kind


def test_braintree_library_for_node_parses_our_notifications():
    needs(
        shutil.which("node") and (NODE / "node_modules/braintree").is_dir(),
        "Node, and Braintree's library by `make test`",
    )
    rows = []
    for kind in ours("braintree").samples:
        delivery = ours("braintree").sample(kind, f"{PUBLIC_URL}/webhooks/braintree")
        signed = ours("braintree").sign(delivery, secrets("public_1:private_1"))
        rows.append([kind, signed["bt_signature"], signed["bt_payload"]])
    run = subprocess.run(
        ["node", str(NODE / "braintree.cjs")], input=json.dumps(rows), capture_output=True, text=True, check=True
    )
    assert run.stdout.split("\n")[:-1] == list(ours("braintree").samples)


def test_braintree_library_answers_the_challenge_alike(gateway, app):
    challenge = "20f9f8ed05f77439fe955c977e4c8a53"
    answer = app.test_client().get(f"/webhooks/braintree?bt_challenge={challenge}")
    assert answer.text == gateway.webhook_notification.verify(challenge)
    assert answer.mimetype == "text/plain"


def test_future_timestamp_is_rejected_unlike_in_the_stripe_library():
    """Their library accepts a timestamp of next week. Ours rejects it: the clock is wrong or the request is forged."""
    import stripe

    secret = "whsec_of_these_tests"
    theirs = stripe.WebhookSignature.generate_signature_header("{}", secret, int(time.time()) + 7 * 24 * 3600)
    stripe.WebhookSignature.verify_header("{}", theirs, secret, tolerance=300)
    with pytest.raises(TimestampOutOfTolerance, match="5 minutes"):
        ours("stripe").verify(posted("stripe", "{}", stripe_signature=theirs), secrets(secret))
