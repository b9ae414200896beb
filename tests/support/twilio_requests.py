"""Requests as Twilio sends them, with valid signatures."""

from dataclasses import replace
from urllib.parse import urlencode

import config
from receiving import twilio_signature
from receiving.delivery import Delivery
from tests.support.environment import own_environment

TOKEN = "12345"


URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]


FORM = "application/x-www-form-urlencoded"


def signed(url=URL, fields=FIELDS, token=TOKEN, method="POST", body=None, **headers):
    """A delivery as Twilio would send it."""
    body = urlencode(fields).encode() if body is None else body
    head = {"content-type": FORM if fields or not body else "application/json", **headers}
    signature = twilio_signature.compute_signature(token, url, fields if method == "POST" else [])
    return Delivery(method, url, {"x-twilio-signature": signature, **head}, body)


def accepted(delivery, settings):
    try:
        twilio_signature.verify(delivery, settings)
    except twilio_signature.InvalidSignature:
        return False
    return True


def with_example_token(settings):
    """The settings, with the auth token of Twilio's examples."""
    return replace(settings, twilio_auth_token=(config.Secret(TOKEN),))


def example_settings():
    """Settings for property tests, which cannot use fixtures."""
    return with_example_token(config.load(own_environment() | {"REDIS_URL": "redis://x"}))
