"""Why a provider's signature failed: the log and the presenter get the mistake, the sender does not."""

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import replace

import pytest

import config
from receiving import providers, rejected_requests
from receiving.delivery import make_form_delivery, make_json_delivery
from receiving.diagnosis.provider import explain
from receiving.rejection_reasons import RejectedRequest
from tests.support.person import PUBLIC_URL
from tests.support.providers import HELD, WAYS, secrets, those


def diagnosis(name, delivery, held=HELD):
    provider = providers.load()[name]
    with pytest.raises(RejectedRequest) as refusal:
        provider.verify(delivery, held[name])
    return str(explain(provider, delivery, held, refusal.value))


def signed_by(name, facts=None, way=None):
    provider = providers.load()[name]
    url = f"{PUBLIC_URL}/webhooks/{name}"
    delivery = provider.sample(next(iter(provider.samples)), url) if facts is None else make_json_delivery(url, facts)
    return provider.sign(delivery, secrets(way) if way else HELD[name])


@those(lambda case: case.holds_time)
@pytest.mark.parametrize(
    ("late", "words"), [(4000, "4000 s before the request arrived"), (-4000, "4000 s after the request arrived")]
)
def test_wrong_clock(case, late, words):
    delivery = case.signed()
    assert words in diagnosis(case.name, replace(delivery, received_at=float(int(delivery.received_at)) + late))


@those(lambda case: case.signs_body and case.name not in ("braintree", "mandrill"))
def test_line_break_added_or_lost(case):
    delivery = case.signed()
    assert "line break was added" in diagnosis(
        case.name, replace(delivery, body=delivery.body + b"\n"), settings_of(case)
    )
    shorter = case.provider.sign(replace(case.unsigned(), body=case.unsigned().body + b"\n"), case.secrets)
    stripped = replace(shorter, body=shorter.body[:-1])
    assert "final line break was removed from the body" in diagnosis(case.name, stripped, settings_of(case))


def settings_of(case):
    return HELD | {case.name: case.secrets}


@pytest.mark.parametrize("name", ["github", "heroku", "stripe", "dropbox", "standard", "sendgrid"])
@pytest.mark.parametrize(
    "rewrite",
    [
        lambda body: json.dumps(json.loads(body)).encode(),
        lambda body: json.dumps(json.loads(body), indent=2).encode(),
        lambda body: json.dumps(json.loads(body), separators=(",", ":")).encode(),
        lambda body: json.dumps(json.loads(body), separators=(",", ": "), ensure_ascii=False).encode(),
    ],
)
def test_reserialized_json(name, rewrite):
    delivery = signed_by(name, {"zen": "läutet", "list": [1, {"a": None}]})
    assert "parsed and re-serialized the JSON" in diagnosis(name, replace(delivery, body=rewrite(delivery.body)))


@pytest.mark.parametrize("name", ["github", "dropbox", "standard"])
def test_base64_body(name):
    delivery = signed_by(name)
    assert "Base64" in diagnosis(name, replace(delivery, body=base64.b64encode(delivery.body)))


def test_reencoded_form():
    provider = providers.load()["mailchimp"]
    fields = [("type", "subscribe"), ("data[email]", "ada+bell@mail.example")]
    delivery = provider.sign(make_form_delivery(f"{PUBLIC_URL}/webhooks/mailchimp", fields), HELD["mailchimp"])
    rewritten = delivery.body.replace(b"%5B", b"[").replace(b"%5D", b"]")
    assert "re-serialized the form" in diagnosis("mailchimp", replace(delivery, body=rewritten))


@pytest.mark.parametrize("name", ["github", "dropbox", "heroku", "stripe"])
def test_secret_of_another_provider(name):
    held = HELD | {"elsewhere": secrets("the-secret-of-elsewhere")}
    assert "signed with the secret of elsewhere" in diagnosis(
        name, signed_by(name, way="the-secret-of-elsewhere"), held
    )


@pytest.mark.parametrize("name", ["github", "dropbox", "stripe"])
def test_quotation_marks_around_the_secret(name):
    held = HELD | {name: (config.Secret('"a-secret"'),)}
    assert "quotation marks" in diagnosis(name, signed_by(name, way="a-secret"), held)


@pytest.mark.parametrize("name", ["github", "dropbox", "stripe"])
def test_line_break_at_the_end_of_the_secret(name):
    held = HELD | {name: (config.Secret("a-secret"),)}
    assert "ends with a line break" in diagnosis(name, signed_by(name, way="a-secret\n"), held)


def test_stripe_secret_without_prefix():
    held = HELD | {"stripe": (config.Secret("whsec_abc"),)}
    assert "lacks the prefix" in diagnosis("stripe", signed_by("stripe", way="abc"), held)


@pytest.mark.parametrize("strip", [False, True])
def test_standard_secret_used_without_decoding(strip):
    written = WAYS["standard"][0]
    used = written.removeprefix("whsec_") if strip else written
    way = "whsec_" + base64.b64encode(used.encode()).decode()
    assert "must remove whsec_" in diagnosis("standard", signed_by("standard", way=way))


def test_standard_webhooks_with_svix_headers():
    delivery = signed_by("standard")
    old = {name.replace("webhook-", "svix-"): text for name, text in delivery.headers.items()}
    assert "svix-" in diagnosis("standard", replace(delivery, headers=old))


def test_github_with_the_sha_1_header_only():
    delivery = providers.load()["github"].sample("push", f"{PUBLIC_URL}/webhooks/github")
    old = "sha1=" + hmac.new(HELD["github"][0].encode(), delivery.body, hashlib.sha1).hexdigest()
    assert "only its SHA-1 signature is valid" in diagnosis("github", delivery.with_headers(x_hub_signature=old))


def test_github_signature_without_prefix():
    delivery = signed_by("github")
    bare = delivery.headers["x-hub-signature-256"].removeprefix("sha256=")
    assert "lacks the prefix sha256=" in diagnosis("github", delivery.with_headers(x_hub_signature_256=bare))


def test_heroku_with_another_authorization():
    assert "its Authorization header does not match" in diagnosis(
        "heroku", signed_by("heroku").with_headers(authorization="Bearer old")
    )


def test_braintree_with_another_public_key():
    assert "public key public_2" in diagnosis("braintree", signed_by("braintree", way="public_2:private_1"))


def test_plain_with_another_password():
    delivery = signed_by("plain", way="basic:ada:wrong-wrong-wrong")
    assert "its password is not" in diagnosis("plain", delivery)


@pytest.mark.parametrize("value", ["b" * 32, "Token " + "b" * 32, "Bearer " + "p" * 32])
def test_plain_token_in_the_wrong_place(value):
    delivery = make_json_delivery(f"{PUBLIC_URL}/webhooks/plain", {}, authorization=value)
    assert "neither in the path nor as `Bearer token`" in diagnosis("plain", delivery)


@pytest.mark.parametrize(
    ("seen", "signed_for", "headers", "words"),
    [
        ("http://talk.example/webhooks/mandrill", "https://talk.example/webhooks/mandrill", {}, "signed for https"),
        ("https://talk.example/webhooks/mandrill/", "https://talk.example/webhooks/mandrill", {}, "trailing slash"),
        (
            "http://inner:8000/webhooks/mandrill",
            "https://talk.example/webhooks/mandrill",
            {"x_forwarded_host": "talk.example"},
            "host talk.example",
        ),
        (
            "https://talk.example/webhooks/mandrill?a='",
            "https://talk.example/webhooks/mandrill?a=%27",
            {},
            "decoded the URL",
        ),
    ],
)
def test_mandrill_signed_another_url(seen, signed_for, headers, words):
    provider = providers.load()["mandrill"]
    signed = provider.sign(replace(provider.sample("open", signed_for)), HELD["mandrill"]).with_headers(**headers)
    assert words in diagnosis("mandrill", replace(signed, url=seen))


def test_missing_signature_header():
    delivery = signed_by("github")
    bare = replace(delivery, headers={"content-type": "application/json"})
    assert diagnosis("github", bare).startswith("no X-Hub-Signature-256: not from GitHub, or a proxy removed it. ")


def test_missing_authorization_header():
    assert "no Authorization" in diagnosis("plain", make_json_delivery(f"{PUBLIC_URL}/webhooks/plain", {}))


def test_forgery_has_no_explanation(case):
    forged = case.provider.sign(case.unsigned(), case.secrets)
    nonsense = {header: "forged" for header in case.proof}
    if case.signs_body and case.proof:
        assert "no common mistake" in diagnosis(case.name, replace(forged, headers={**forged.headers, **nonsense}))


def test_large_body_is_not_diagnosed():
    delivery = signed_by("github")
    assert "too large" in diagnosis("github", replace(delivery, body=b'{"a":"' + b"x" * 70_000 + b'"}'))


def test_log_and_inbox_have_the_mistake_but_the_response_does_not(send, caplog, redis):
    delivery = signed_by("github")
    with caplog.at_level(logging.WARNING):
        answer = send(replace(delivery, body=delivery.body + b"\n"))
    assert "line break" in caplog.text
    assert rejected_requests.latest(redis)[0][2].name == "line break"
    assert answer.text == "X-Hub-Signature-256 is not valid for this request.\n"
