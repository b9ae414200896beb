"""SharedKeys, with which Twilio can sign in addition to the auth token."""

from dataclasses import replace

import pytest

import config
from receiving import twilio_signature
from tests.support.twilio_requests import (
    FIELDS,
    TOKEN,
    URL,
    accepted,
    signed,
    with_example_token,
)


@pytest.fixture
def settings(settings):
    return with_example_token(settings)


class TestSharedKeys:
    """https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""

    @pytest.fixture
    def settings(self, settings):
        return replace(settings, twilio_shared_keys={"key_1": ("HMAC_SHA256", config.Secret("shared"))})

    def delivery(self, named, algorithm="HMAC_SHA256", secret="shared"):
        signature = twilio_signature.compute_signature(secret, URL, FIELDS, algorithm)
        return signed(
            **{"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": named},
        )

    def test_known_shared_key_is_accepted(self, settings):
        assert accepted(self.delivery("key=key_1,algorithm=HMAC_SHA256"), settings)

    def test_header_cannot_choose_a_weaker_algorithm(self, settings):
        assert not accepted(self.delivery("key=key_1,algorithm=HMAC_SHA1", "HMAC_SHA1"), settings)

    def test_unknown_shared_key_is_rejected(self, settings):
        assert not accepted(self.delivery("key=key_2,algorithm=HMAC_SHA256"), settings)

    @pytest.mark.parametrize("named", ["key=key_1, algorithm = hmac_sha256", " key = key_1 ,algorithm=HMAC_SHA256 ,"])
    def test_case_and_spaces_in_the_settings_header_are_ignored(self, settings, named):
        assert accepted(self.delivery(named), settings)

    @pytest.mark.parametrize("named", ["", ",", "key=key_2", "algorithm=", "algorithm=HMAC_SHA1"])
    def test_without_algorithm_the_auth_token_verifies(self, settings, named):
        assert accepted(self.delivery(named, "HMAC_SHA1", TOKEN), settings)
        assert not accepted(self.delivery(named), settings)

    def test_auth_token_does_not_verify_a_request_that_names_a_shared_key(self, settings):
        assert not accepted(self.delivery("key=key_1,algorithm=HMAC_SHA1", "HMAC_SHA1", TOKEN), settings)
