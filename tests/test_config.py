"""Settings from the environment, and the errors for missing and invalid ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config


def test_error_names_every_missing_setting():
    with pytest.raises(config.ConfigError) as refusal:
        config.load({})
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "REDIS_URL", "SECRET_KEY"):
        assert f"Set {name}: " in str(refusal.value)


def test_no_secret_has_a_default():
    with pytest.raises(config.ConfigError, match="PRESENTER_PASSWORD"):
        config.load({})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TWILIO_ACCOUNT_SID", "SK123", "must be AC and 32"),
        ("TWILIO_PHONE_NUMBER", "07700 900100", "must be in E.164"),
        ("PUBLIC_URL", "talk.example", "must be a URL"),
        ("PUBLIC_URL", "https://user:pass@talk.example", "must be a URL"),
        ("REDIS_URL", "http://store", "must start with redis://"),
        ("SECRET_KEY", "short", "at least 16 characters"),
        ("TWILIO_AUTH_TOKEN", " , ", "contains no value"),
        ("API_TOKENS", "guessable", "at least 16 characters"),
        ("TWILIO_SHARED_KEYS", "only-an-id", "must be id:secret"),
        ("WEBHOOK_SCHEDULE", "0,soon", "must be comma-separated seconds"),
        ("WEBHOOK_SCHEDULE", "0,432001", "five days at most"),
        ("PORT", "eighty", "must be a whole number"),
        ("ALLOW_LOOPBACK", "maybe", "must be yes or no"),
    ],
)
def test_error_for_an_invalid_value_says_how_to_fix_it(environ, name, value, words):
    with pytest.raises(config.ConfigError, match=f"{name} .*{words}"):
        config.load({**environ, name: value})


def test_rotating_secret_takes_several_values(environ):
    settings = config.load({**environ, "TWILIO_AUTH_TOKEN": "newer, older"})
    assert settings.twilio_auth_token == ("newer", "older")


def test_shared_keys_name_their_algorithm(environ):
    settings = config.load({**environ, "TWILIO_SHARED_KEYS": "a:one, b:two:HMAC_SHA1"})
    assert settings.twilio_shared_keys == {"a": ("HMAC_SHA256", "one"), "b": ("HMAC_SHA1", "two")}


def test_printed_settings_contain_no_secret(environ):
    shown = repr(config.load({**environ, "TWILIO_SHARED_KEYS": "a:one-secret"}))
    for name in ("TWILIO_AUTH_TOKEN", "SECRET_KEY", "PRESENTER_PASSWORD"):
        assert environ[name] not in shown
    assert "one-secret" not in shown


def test_dyno_accepts_self_signed_redis_and_trusts_one_proxy(environ):
    settings = config.load({**environ, "DYNO": "web.1", "REDIS_URL": "rediss://store"})
    assert (settings.redis_tls_verify, settings.trusted_proxies) == (False, 1)


def test_redis_certificate_is_verified_elsewhere(environ):
    assert config.load({**environ, "REDIS_URL": "rediss://store"}).redis_tls_verify


@given(
    st.dictionaries(st.sampled_from(["PORT", "PUBLIC_URL", "TWILIO_SHARED_KEYS", "REDIS_URL"]), st.text(max_size=40))
)
def test_any_value_is_loaded_or_raises_missing_setting(values):
    try:
        config.load(values)
    except config.ConfigError as refusal:
        assert "README.md" in str(refusal)


def test_webhook_secrets_can_be_several_and_are_masked(environ):
    settings = config.load({**environ, "GITHUB_WEBHOOK_SECRET": "newer, older"})
    assert settings.webhook_secrets["github"] == ("newer", "older")
    assert "newer" not in repr(settings)
    with pytest.raises(TypeError):
        settings.webhook_secrets["github"] = ()


def test_empty_webhook_secret_is_named(environ):
    with pytest.raises(config.ConfigError, match="GITHUB_WEBHOOK_SECRET contains no value"):
        config.load({**environ, "GITHUB_WEBHOOK_SECRET": " , "})
