"""Signatures that the libraries of Standard Webhooks and Svix accept."""

import base64
import json
import time
from datetime import UTC, datetime
from importlib import import_module

import pytest
import standardwebhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sending.webhooks import signatures, signing_keys
from sending.webhooks.signing_keys import UnusableKey

NOW = 1_700_000_000
BODY = '{"type":"text.received","data":{"words":"grüß Gott"}}'.encode()
OLD, NEW = signing_keys.generate_secret(), signing_keys.generate_secret()


@pytest.fixture(params=["standardwebhooks", "svix"])
def library(request):
    """A reference library's class, imported only when a test needs it: Svix's takes most of a second."""
    return import_module(request.param).Webhook


@pytest.mark.parametrize("known", [OLD, NEW], ids=["the old one", "the new one"])
def test_both_secrets_verify_during_a_rotation(library, known):
    library(known).verify(BODY, signatures.sign("msg_1", int(time.time()), BODY, [NEW, OLD]))


def test_dropped_secret_does_not_sign(library):
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        library(OLD).verify(BODY, signatures.sign("msg_1", int(time.time()), BODY, [NEW]))


@given(st.binary(min_size=24, max_size=64), st.text(), st.from_regex(r"\Amsg_[A-Za-z0-9]{1,30}\Z"))
def test_signature_equals_that_of_the_reference_library(secret, text, id):
    body = json.dumps(text).encode()
    theirs = standardwebhooks.Webhook(secret).sign(id, datetime.fromtimestamp(NOW, UTC), body.decode())
    key = "whsec_" + base64.b64encode(secret).decode()
    assert signatures.sign(id, NOW, body, [key])["webhook-signature"] == theirs


def test_ed25519_signature_verifies_with_the_public_key():
    key = signing_keys.generate_private_key()
    public = base64.b64decode(signing_keys.derive_public_key(key).removeprefix("whpk_"))
    sent = signatures.sign("msg_1", NOW, BODY, [NEW, key])
    shared, private = sent["webhook-signature"].split(" ")
    assert shared.startswith("v1,")
    checker = Ed25519PublicKey.from_public_bytes(public)
    checker.verify(base64.b64decode(private.removeprefix("v1a,")), f"msg_1.{NOW}.".encode() + BODY)
    with pytest.raises(InvalidSignature):
        checker.verify(base64.b64decode(private.removeprefix("v1a,")), f"msg_2.{NOW}.".encode() + BODY)


def test_private_key_may_include_its_public_half():
    seed = base64.b64decode(signing_keys.generate_private_key().removeprefix("whsk_"))
    short = "whsk_" + base64.b64encode(seed).decode()
    public = base64.b64decode(signing_keys.derive_public_key(short).removeprefix("whpk_"))
    long = "whsk_" + base64.b64encode(seed + public).decode()
    assert signatures.sign("a", 1, b"", [short]) == signatures.sign("a", 1, b"", [long])
    with pytest.raises(UnusableKey, match="belong together"):
        signatures.sign("a", 1, b"", ["whsk_" + base64.b64encode(seed + bytes(32)).decode()])


@pytest.mark.parametrize(
    "key",
    [
        "",
        "secret",
        "whsec_",
        "whsec_test-secret",
        "whsec_c2hvcnQ=",
        "whsk_c2hvcnQ=",
        "whsec_" + "A" * 88,
        "whpk_" + "A" * 44,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
        "whsec_é",
    ],
)
def test_invalid_key_is_refused_and_not_repeated(key):
    with pytest.raises(UnusableKey) as refusal:
        signatures.sign("a", 1, b"", [key])
    assert len(key) < 8 or key not in str(refusal.value)


def test_message_id_with_a_full_stop_is_refused():
    with pytest.raises(ValueError, match="full stop"):
        signatures.sign("msg_1.2", 3, b"", [NEW])
