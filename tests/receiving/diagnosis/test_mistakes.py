"""The usual mistakes: each is recognized and explained to the presenter, and not to the sender."""

import hashlib
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

import config
from receiving import providers, rejected_requests, twilio_signature
from receiving.delivery import FORM_CONTENT_TYPE, Delivery
from receiving.diagnosis import diagnosis_limits
from receiving.diagnosis.diagnosis_limits import TOO_MANY
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from receiving.diagnosis.provider import explain as explain_provider
from receiving.diagnosis.twilio import explain
from receiving.diagnosis.url_mistakes import other_urls
from receiving.rejection_reasons import RejectedRequest
from tests.support.person import PUBLIC_URL
from tests.support.providers import HELD
from web.token_bucket import TokenBucket

SIGNED = "https://talk.example"
# (signed URL, received URL, other headers, name of the mistake)
ADDRESSES = [
    (f"{SIGNED}/sms", "http://talk.example/sms", {}, "scheme"),
    (f"{SIGNED}/sms", "https://talk.example:8443/sms", {}, "port"),
    (f"{SIGNED}:8000/sms", f"{SIGNED}/sms", {}, "port"),
    (f"{SIGNED}/sms", "http://talk.example:8000/sms", {}, "scheme and port"),
    ("http://talk.example:8080/sms", f"{SIGNED}/sms", {}, "scheme and port"),
    (f"{SIGNED}/sms", f"{SIGNED}/sms/", {}, "slash"),
    (f"{SIGNED}/sms/?a=1", f"{SIGNED}/sms?a=1", {}, "slash"),
    (f"{SIGNED}/sms?a=1&b=2", f"{SIGNED}/sms?b=2&a=1", {}, "query order"),
    (f"{SIGNED}/sms?b=2&c=3&a=1", f"{SIGNED}/sms?a=1&b=2&c=3", {}, "query order"),
    (f"{SIGNED}/sms", "http://10.0.0.7:8000/sms", {"x-forwarded-host": "talk.example"}, "proxy host"),
    (f"{SIGNED}/sms", "http://inner/sms", {"forwarded": "for=1.2.3.4;host=talk.example;proto=https"}, "proxy host"),
    (f"{SIGNED}/sms", "http://inner/sms", {"host": "talk.example"}, "proxy host"),
    (f"{SIGNED}/sms?a=it%27s", f"{SIGNED}/sms?a=it's", {}, "decoded URL"),
    (f"{SIGNED}/sms?a=a+b", f"{SIGNED}/sms?a=a%20b", {}, "decoded URL"),
    (f"{SIGNED}/s%20ms", f"{SIGNED}/s ms", {}, "decoded URL"),
    (f"{SIGNED}/sms?", f"{SIGNED}/sms", {}, "decoded URL"),
    (f"{SIGNED}/sms?a=it's", f"{SIGNED}/sms?a=it%27s", {}, "encoded URL"),
    (f"{SIGNED}/sms?a=%2b", f"{SIGNED}/sms?a=%2B", {}, "encoded URL"),
    (f"{SIGNED}/sms", "http://talk.example/sms/", {}, "scheme and slash"),
    (f"{SIGNED}/sms/", "http://inner:8000/sms", {"x-forwarded-host": "talk.example"}, "proxy host and slash"),
]
FIELDS = [("From", "+447700900123"), ("Body", "ring twice"), ("AccountSid", "AC00000000000000000000000000000de0")]


def from_twilio(settings, url=f"{SIGNED}/sms", fields=FIELDS, token=None, body=None, **headers):
    signature = twilio_signature.compute_signature(
        token or settings.twilio_auth_token[0], url, fields if body is None else ()
    )
    kind = FORM_CONTENT_TYPE if body is None else "application/json"
    headers = {"content-type": kind, twilio_signature.SIGNATURE_HEADER: signature} | headers
    return Delivery("POST", url, headers, urlencode(fields).encode() if body is None else body)


def diagnose_twilio(delivery, settings):
    """The diagnosis of a request, which must really be rejected."""
    with pytest.raises(RejectedRequest):
        twilio_signature.verify(delivery, settings)
    found = explain(delivery, settings)
    assert found.fix
    return found


@pytest.mark.parametrize(("signed", "seen", "headers", "name"), ADDRESSES)
def test_twilio_signed_another_url(signed, seen, headers, name, settings):
    if name == "port" and seen.startswith("https") and ":8443" in seen:  # Twilio's own rules allow another port
        assert twilio_signature.verify(replace(from_twilio(settings, signed), url=seen), settings) is None
        return
    delivery = from_twilio(settings, signed, **headers)
    found = diagnose_twilio(replace(delivery, url=seen), settings).name
    assert found == ("scheme" if "talk.example:8000/" in seen else name)  # the port is tried with and without


@pytest.mark.parametrize(("signed", "seen", "headers", "name"), ADDRESSES)
def test_mandrill_signed_another_url(signed, seen, headers, name):
    provider = providers.load()["mandrill"]
    signed, seen = signed.replace("/sms", "/webhooks/mandrill"), seen.replace("/sms", "/webhooks/mandrill")
    delivery = provider.sign(provider.sample("open", signed), HELD["mandrill"])
    delivery = replace(delivery, url=seen, headers=delivery.headers | headers)
    assert diagnose(provider, delivery).name == name


def diagnose(provider, delivery, held=HELD):
    with pytest.raises(RejectedRequest) as refusal:
        provider.verify(delivery, held[provider.name])
    found = explain_provider(provider, delivery, held, refusal.value)
    assert found.fix
    return found


def test_advice_names_the_public_url_to_set(settings):
    seen = replace(from_twilio(settings), url="http://10.0.0.7:8000/sms").with_headers(x_forwarded_host="talk.example")
    assert diagnose_twilio(seen, settings).fix == "Set PUBLIC_URL=https://talk.example, which the sender uses."


def test_invalid_host_header_gives_no_other_urls():
    assert list(other_urls(Delivery("POST", "http://[/sms", {}, b""))) == []


class TestTwilioBody:
    """A body that is not a form is signed by its SHA-256 in the query."""

    BODY = json.dumps({"zwei": [1, 2], "a": "ä"}, separators=(",", ":"), ensure_ascii=False).encode()

    def url(self, query=""):
        return f"{SIGNED}/sms?{query}bodySHA256={hashlib.sha256(self.BODY).hexdigest()}"

    def test_reserialized_json(self, settings):
        delivery = from_twilio(settings, self.url(), body=self.BODY)
        for rewritten in (json.dumps(json.loads(self.BODY)), json.dumps(json.loads(self.BODY), indent=2)):
            assert diagnose_twilio(replace(delivery, body=rewritten.encode()), settings).name == "re-serialized JSON"

    def test_changed_body(self, settings):
        delivery = from_twilio(settings, self.url(), body=self.BODY)
        assert diagnose_twilio(replace(delivery, body=b'{"a":1}'), settings).name == "changed body"

    @pytest.mark.parametrize("query", ["", "a=1&b=2&"])
    def test_body_hash_removed_from_the_url(self, query, settings):
        delivery = from_twilio(settings, self.url(query), body=self.BODY)
        seen = f"{SIGNED}/sms?{query}".rstrip("?&")
        found = diagnose_twilio(replace(delivery, url=seen), settings)
        assert (found.name, found.explanation) == (
            "missing bodySHA256",
            "the parameter bodySHA256 was removed from the URL",
        )

    def test_json_without_a_body_hash(self, settings):
        found = diagnose_twilio(from_twilio(settings, body=self.BODY, token="guess"), settings)
        assert found.name == "missing bodySHA256"

    def test_form_with_another_content_type(self, settings):
        delivery = from_twilio(settings)
        plain = replace(delivery, headers=delivery.headers | {"content-type": "text/plain"})
        assert diagnose_twilio(plain, settings).name == "content type"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda fields: [(field, value.replace("+44", " 44")) for field, value in fields], "plus signs"),
        (lambda fields: [(field, f" {value} ") for field, value in fields], "white space"),
    ],
)
def test_form_with_changed_characters(change, name, settings):
    delivery = from_twilio(settings)
    assert diagnose_twilio(replace(delivery, body=urlencode(change(FIELDS)).encode()), settings).name == name


def test_post_signed_as_a_get(settings):
    signed = twilio_signature.compute_signature(settings.twilio_auth_token[0], f"{SIGNED}/sms")
    assert diagnose_twilio(from_twilio(settings).with_headers(x_twilio_signature=signed), settings).name == "method"


def test_twilio_secret_of_another_provider_or_in_quotes(settings):
    held = replace(settings, webhook_secrets={"github": (config.Secret("of-github"),)})
    assert (
        diagnose_twilio(from_twilio(settings, token="of-github"), held).explanation
        == "it was signed with the secret of github"
    )
    quoted = replace(settings, twilio_auth_token=(config.Secret('"of-ours"'),))
    assert "quotation marks" in diagnose_twilio(from_twilio(settings, token="of-ours"), quoted).explanation


def test_another_twilio_account(settings):
    fields = [("AccountSid", "AC" + "9" * 32)]
    found = diagnose_twilio(from_twilio(settings, fields=fields, token="theirs"), settings)
    assert found.name == UNKNOWN and "another account, AC999" in found.explanation


@pytest.mark.parametrize("fields", [[("Body", "x" * 20_000)], [(f"f{number}", "x") for number in range(101)]])
def test_oversized_form_is_not_diagnosed(fields, settings):
    assert "too large" in diagnose_twilio(from_twilio(settings, fields=fields, token="guess"), settings).explanation


def test_mandrill_secret_of_another_provider():
    provider = providers.load()["mandrill"]
    delivery = provider.sample("open", f"{PUBLIC_URL}/webhooks/mandrill")
    stripe = provider.sign(delivery, HELD["stripe"])
    assert diagnose(provider, stripe).explanation == "it was signed with the secret of stripe"


@pytest.mark.parametrize("name", ["stripe", "standard", "sendgrid", "mailchimp"])
def test_stale_clock(name):
    provider = providers.load()[name]
    sample = provider.sample(next(iter(provider.samples)), f"{PUBLIC_URL}/webhooks/{name}")
    late = provider.sign(replace(sample, received_at=sample.received_at - 4000), HELD[name])
    assert diagnose(provider, replace(late, received_at=sample.received_at)).name == "stale clock"


class TestStoredRejections:
    """Untrusted senders fill the list of rejections, so it is small, and forgeries cannot displace explained ones."""

    def test_stored_request_is_truncated(self, redis):
        headers = {f"x-{number}": "y" * 5000 for number in range(200)}
        huge = Delivery("POST", "https://talk.example/" + "z" * 8000, headers, b"b" * 50_000)
        rejected_requests.save(redis, huge, Mistake("scheme", "w", "m"))
        (_, kept, mistake), *_ = rejected_requests.latest(redis)
        assert (len(kept.headers), len(kept.body), len(kept.url)) == (50, 4096, 2000)
        assert max(map(len, kept.headers.values())) == 400
        assert mistake == Mistake("scheme", "w", "m")

    def test_forgeries_do_not_displace_explained_rejections(self, redis):
        came = Delivery("POST", "https://talk.example/sms", {}, b"")
        rejected_requests.save(redis, came, Mistake("scheme", "explained", "m"))
        for _ in range(rejected_requests.MAX_REJECTED_REQUESTS * 3):
            rejected_requests.save(redis, came, Mistake(UNKNOWN, "forged", "m"))
        shown = [mistake.explanation for _, _, mistake in rejected_requests.latest(redis, 1000)]
        assert shown[0] == "forged" and shown[-1] == "explained"
        assert len(shown) <= rejected_requests.MAX_REJECTED_REQUESTS * 2 + 1

    def test_diagnosis_is_rate_limited(self, send, settings, redis, monkeypatch):
        monkeypatch.setattr(diagnosis_limits, "budget", TokenBucket(capacity=1, tokens_per_second=0))
        answers = [send(replace(from_twilio(settings), url=f"{PUBLIC_URL}/sms/")) for _ in range(3)]
        words = [mistake.explanation for _, _, mistake in rejected_requests.latest(redis)]
        assert sorted(words) == sorted(["a trailing slash was added or removed", *[TOO_MANY.explanation] * 2])
        assert len({answer.text for answer in answers}) == 1

    def test_rate_limit_recovers(self, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr("web.token_bucket.time.monotonic", lambda: now[0])
        diagnosis_budget = TokenBucket(capacity=2, tokens_per_second=1)
        assert [diagnosis_budget.acquire() for _ in range(3)] == [True, True, False]
        now[0] += 1.5
        assert [diagnosis_budget.acquire(), diagnosis_budget.acquire()] == [True, False]

    def test_sender_gets_the_same_sentence_for_every_mistake(self, send, settings):
        sentences = {
            send(replace(from_twilio(settings, url), url=f"{PUBLIC_URL}/sms")).text
            for url in (f"{PUBLIC_URL}:8000/sms", f"{PUBLIC_URL}/sms/", "http://elsewhere.example/sms")
        }
        assert sentences == {"X-Twilio-Signature is not valid for this request.\n"}
