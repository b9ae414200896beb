"""What a signature does not cover never makes a delivery new; what it covers is parsed in linear time."""

import base64
import time
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from receiving import providers
from tests.support.providers import CASES, HELD, heard


def case_of(name):
    return next(case for case in CASES if case.name == name)


def test_github_delivery_with_another_id_or_event_is_a_duplicate(send, redis):
    delivery = case_of("github").signed()
    assert send(delivery).status_code == 204
    for header in ("x-github-delivery", "x-github-event", "x-github-hook-id", "user-agent", "x-request-id"):
        assert send(delivery.with_headers(**{header: "another"})).status_code == 204
    assert len(heard(redis)) == 1


def test_request_id_of_a_proxy_does_not_make_a_plain_copy_new(send, redis):
    """Heroku's router and other proxies add a new X-Request-Id to each request, even to a retry."""
    delivery = case_of("plain").signed()
    for id in ("01234567-89ab", "89ab-01234567"):
        assert send(delivery.with_headers(x_request_id=id)).status_code == 204
    assert len(heard(redis)) == 1


def test_braintree_payload_without_its_last_line_break_is_a_duplicate(send, redis):
    delivery = case_of("braintree").signed()
    fields = dict(delivery.form)
    send(delivery)
    send(replace(delivery, body=urlencode(fields | {"bt_payload": fields["bt_payload"].rstrip("\n")}).encode()))
    assert len(heard(redis)) == 1


def test_batch_in_another_encoding_is_a_duplicate(send, redis):
    delivery = case_of("mandrill").signed()
    for body in (delivery.body, delivery.body.replace(b"%5B", b"%5b"), delivery.body.replace(b"+", b"%20")):
        assert send(replace(delivery, body=body)).status_code == 200
    assert len(heard(redis)) == 1


def test_email_is_not_parsed_with_another_boundary(send, redis):
    case = case_of("sendgrid")
    inner = '--inner\r\nContent-Disposition: form-data; name="headers"\r\n\r\nMessage-ID: <x>\r\n--inner--\r\n'
    unsigned = case.unsigned("inbound")
    forged = replace(unsigned, body=unsigned.body.replace(b"Hi", inner.encode()))
    signed = case.provider.sign(forged, HELD["sendgrid"])
    send(signed)
    send(signed.with_headers(content_type="multipart/form-data; boundary=inner"))
    assert [row["event"] for row in heard(redis)] == ["inbound", "unreadable"]


SLOW = {
    "braintree": ("bt_payload", base64.b64encode(b"<kind " * 30_000).decode()),
    "mailchimp": ("[" * 120_000, ""),
}


@pytest.mark.parametrize("name", SLOW)
def test_parsing_takes_linear_time(name):
    provider, (field, value) = providers.load()[name], SLOW[name]
    unsigned = case_of(name).unsigned()
    delivery = replace(unsigned, body=urlencode([("type", "x"), (field, value)]).encode())
    began = time.process_time()
    with suppress(ValueError):
        provider.parse(delivery)
    assert time.process_time() - began < 1
