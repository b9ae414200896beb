"""The settings of the providers: a secret for each, checked at the start, and complete provider classes."""

import pytest

import config
from receiving import providers
from receiving.providers.base import Provider
from tests.support.providers import open_app


def test_table_of_settings_has_every_provider(environ):
    rows = dict(providers.setting_rows())
    assert set(rows) == {f"{name.upper()}_WEBHOOK_SECRET" for name in providers.load()}
    assert all(rows.values())


def test_providers_of_the_talk_exist():
    talk = "github heroku stripe braintree mailchimp mandrill sendgrid dropbox standard plain"
    assert set(talk.split()) <= set(providers.load())


def test_each_module_links_to_the_provider_documentation():
    import importlib

    for name in providers.load():
        opening = importlib.import_module(f"receiving.providers.{name}").__doc__.partition("\n")[0]
        assert ": https://" in opening, opening


def test_incomplete_provider_names_what_is_missing():
    from types import ModuleType

    module = ModuleType("receiving.providers.half")
    module.Half = type("Half", (Provider,), {"__module__": module.__name__, "title": "Half"})
    with pytest.raises(TypeError, match="half lacks setting_description, max_bytes_by_type"):
        providers._load_provider(module)
    whole = dict.fromkeys(["setting_description", "max_bytes_by_type", "claim_ttl_seconds", "samples"], "")
    module.Half = type("Half", (module.Half,), {"__module__": module.__name__, **whole})
    with pytest.raises(TypeError, match=r"abstract methods '?parse"):
        providers._load_provider(module)


def test_secret_for_an_unknown_provider_is_logged(environ, redis, caplog):
    open_app({**environ, "SHOPYFY_WEBHOOK_SECRET": "x"}, redis)
    assert "SHOPYFY_WEBHOOK_SECRET matches no provider" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("braintree", "only-one-key", "must be public_key:private_key"),
        ("sendgrid", "not a key", "must be the verification key"),
        ("standard", "whsec_not base64", "must be whsec_ or whpk_ followed by Base64"),
        ("standard", "secret", "must be whsec_ or whpk_ followed by Base64"),
        ("heroku", "authorization:Bearer x", "must contain the webhook's secret"),
        ("plain", "secret", "must be path:secret, basic:user:password or bearer:token"),
        ("plain", "path:short", "must have at least 22 letters"),
        ("plain", "bearer:short", "must have at least 16 characters"),
        ("plain", "basic:a:b", "at least 15 characters in user and password"),
        ("mailchimp", "path:../../etc/passwd-and-so-on", "must have at least 22 letters"),
    ],
)
def test_invalid_secret_stops_the_app_with_advice(environ, redis, name, text, words):
    with pytest.raises(config.ConfigError, match=f"{name.upper()}_WEBHOOK_SECRET .*{words}"):
        open_app({**environ, f"{name.upper()}_WEBHOOK_SECRET": text}, redis)
