"""Settings from the environment, and the errors for missing and invalid ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from masking import mask_all
from receiving import providers
from scripts.demo import read_env
from tests.support.processes import ROOT


def test_error_names_every_missing_setting():
    with pytest.raises(config.ConfigError) as refusal:
        config.load({})
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "REDIS_URL", "SECRET_KEY"):
        assert f"Set {name}: " in str(refusal.value)


def test_no_secret_has_a_default():
    with pytest.raises(config.ConfigError, match="PRESENTER_PASSWORD"):
        config.load({})


@pytest.mark.parametrize("values", [{}, {"TWILIO_PHONE_NUMBER": "07700 900100"}])
def test_error_about_a_number_can_be_read_although_the_log_is_masked(values):
    with pytest.raises(config.ConfigError, match=r"E\.164 format") as error:
        config.load(values)
    assert mask_all(str(error.value)) == str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TWILIO_ACCOUNT_SID", "SK123", "must be AC and 32"),
        ("TWILIO_PHONE_NUMBER", "07700 900100", "must be in E.164"),
        ("TWILIO_PHONE_NUMBER", "+44770090", "lacks its area code: \\+44770090. Copy it"),
        ("TWILIO_PHONE_NUMBER", "+4477009001001", "is too long"),
        ("TWILIO_PHONE_NUMBER", "+999123456789", "must be in E.164"),
        ("TWILIO_PHONE_NUMBER", "+447700900100,+1202555", "is too short: \\+1202555"),
        ("TWILIO_PHONE_NUMBER", "+447700900100,+44 7700 900100", "contains \\+447700900100 twice"),
        ("SENDER_SEGMENTS_PER_SECOND", "1,10", "has 2 values and TWILIO_PHONE_NUMBER 1"),
        ("SENDER_SEGMENTS_PER_SECOND", "0", "whole number of at least 1"),
        ("PUBLIC_URL", "talk.example", "must be a URL"),
        ("PUBLIC_URL", "https://user:pass@talk.example", "must be a URL"),
        ("PUBLIC_URL", "https://talk.example/sms", "must not have a path"),
        ("TWILIO_API_URL", "http://127.0.0.1:many", "Port"),
        ("REDIS_URL", "http://store", "must start with redis://"),
        ("REDIS_URL", "redis://store:many", "is not valid: check the port"),
        ("REDIS_URL", "redis://[::1", "is not valid"),
        ("REDIS_URL", "redis://store:6379?socket_timeout=soon", "is not valid: .*'socket_timeout'"),
        ("REDIS_URL", "redis://store:6379?database=1", "has an option that is not known: 'database'"),
        ("REDIS_URL", "redis://:sec/ret@store:6379", "write / .* in the password as %2F"),
        ("REDIS_URL", "redis+sentinel://host:26379", "must name the service"),
        ("REDIS_URL", "redis+sentinel://host:many/talk", "must list the Sentinels as host:port"),
        ("SECRET_KEY", "short", "at least 16 characters"),
        ("TWILIO_AUTH_TOKEN", " , ", "contains no value"),
        ("API_TOKENS", "guessable", "at least 16 characters"),
        ("TWILIO_SHARED_KEYS", "only-an-id", "must be id:secret"),
        ("WEBHOOK_SCHEDULE", "0,soon", "must be comma-separated seconds"),
        ("WEBHOOK_SCHEDULE", "0,432001", "five days at most"),
        ("TWILIO_SHARED_KEYS", "id:short", "at least 16 characters"),
        ("TWILIO_ACCOUNT_SID", "AC" + "x" * 32, "must be AC and 32"),
        ("PRESENTER_PASSWORD", "x", "at least 8 characters"),
        ("PORT", "eighty", "must be a whole number"),
        ("PORT", "²", "must be a whole number"),
        ("WEB_CONCURRENCY", "0", "at least 1"),
        ("ALLOW_LOOPBACK", "maybe", "must be yes or no"),
    ],
)
def test_error_for_an_invalid_value_says_how_to_fix_it(environ, name, value, words):
    with pytest.raises(config.ConfigError, match=f"{name} .*{words}"):
        config.load({**environ, name: value})


def test_a_scheme_in_capital_letters_is_https_too(environ):
    settings = config.load({**environ, "PUBLIC_URL": "HTTPS://Talk.example/"})
    assert (settings.public_url, settings.is_public_https) == ("https://Talk.example", True)


def test_rotating_secret_takes_several_values(environ):
    settings = config.load({**environ, "TWILIO_AUTH_TOKEN": "newer, older"})
    assert settings.twilio_auth_token == ("newer", "older")


def test_shared_keys_name_their_algorithm(environ):
    settings = config.load({**environ, "TWILIO_SHARED_KEYS": "a:first-shared-key, b:second-shared-key:HMAC_SHA1"})
    assert settings.twilio_shared_keys["a"] == ("HMAC_SHA256", "first-shared-key")
    assert settings.twilio_shared_keys["b"] == ("HMAC_SHA1", "second-shared-key")


def test_printed_settings_contain_no_secret(environ):
    shown = repr(config.load({**environ, "TWILIO_SHARED_KEYS": "a:one-secret-of-many"}))
    for name in ("TWILIO_AUTH_TOKEN", "SECRET_KEY", "PRESENTER_PASSWORD"):
        assert environ[name] not in shown
    assert "one-secret-of-many" not in shown


def test_dyno_accepts_self_signed_redis_and_trusts_one_proxy(environ):
    settings = config.load({**environ, "DYNO": "web.1", "REDIS_URL": "rediss://store"})
    assert (settings.redis_tls_verify, settings.trusted_proxies) == (False, 1)


def test_dyno_takes_its_public_url_from_the_app_metadata_unless_it_is_set(environ):
    dyno = {**environ, "DYNO": "web.1", "PUBLIC_URL": "", "HEROKU_APP_DEFAULT_DOMAIN_NAME": "talk-1a2b.herokuapp.com"}
    assert config.load(dyno).public_url == "https://talk-1a2b.herokuapp.com"
    assert config.load({**dyno, "PUBLIC_URL": "https://talk.example"}).public_url == "https://talk.example"
    assert config.load({name: value for name, value in dyno.items() if name != "DYNO"}).public_url == ""


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


class TestPublicAddress:
    """With an https PUBLIC_URL, what belongs to the demo only is an error."""

    @pytest.fixture
    def demo(self):
        return read_env(ROOT / ".env.demo") | {"REDIS_URL": "redis://127.0.0.1:1"}

    def test_demo_on_this_machine_is_accepted(self, demo):
        assert config.load(demo | {"PUBLIC_URL": "http://127.0.0.1:8000"}).allow_loopback

    def test_each_secret_of_the_demo_is_named(self, demo):
        with pytest.raises(config.ConfigError) as refusal:
            config.load(demo | {"PUBLIC_URL": "https://talk.example"})
        names = ["TWILIO_AUTH_TOKEN", "SECRET_KEY", "PRESENTER_PASSWORD", "API_TOKENS", "STRIPE_WEBHOOK_SECRET"]
        for name in names:
            assert f"{name} is the demo's" in str(refusal.value)
        assert "ALLOW_LOOPBACK must be no" in str(refusal.value)

    def test_demo_secret_among_others_is_named(self, environ, demo):
        mixed = f"a-secret-key-of-the-tests,{demo['SECRET_KEY']}"
        with pytest.raises(config.ConfigError, match="SECRET_KEY is the demo's"):
            config.load(environ | {"SECRET_KEY": mixed})

    def test_loopback_is_an_error(self, environ):
        for scheme in ("https", "HTTPS"):
            with pytest.raises(config.ConfigError, match="ALLOW_LOOPBACK must be no"):
                config.load(environ | {"ALLOW_LOOPBACK": "yes", "PUBLIC_URL": f"{scheme}://talk.example"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE", "x"),
        ("STRIPE", "whsec_"),
        ("STRIPE", "sk_live_1234567890123456"),
        ("STANDARD", "whsec_"),
        ("GITHUB", "x"),
        ("HEROKU", "abc"),
    ],
)
def test_unusable_webhook_secret_is_named(environ, name, value):
    settings = config.load(environ | {f"{name}_WEBHOOK_SECRET": value})
    with pytest.raises(config.ConfigError, match=f"{name}_WEBHOOK_SECRET must"):
        providers.check_settings(settings.webhook_secrets)


def test_several_numbers_each_have_a_rate(environ):
    numbers = {"TWILIO_PHONE_NUMBER": "+44 7700 900100, +1 (202) 555-0100", "SENDER_SEGMENTS_PER_SECOND": "1, 10"}
    settings = config.load(environ | numbers)
    assert settings.twilio_phone_number == ("+447700900100", "+12025550100")
    assert settings.default_number == "+447700900100"
    assert [settings.sender_rate(address) for address in ("", "+12025550100")] == [1, 10]
