"""The environment of an app under test."""

from scripts.demo import read_env
from tests.support.processes import ROOT
from tests.support.providers import with_secrets

TOKEN = "an-auth-token-of-the-tests"
PRESENTER_PASSWORD = "a password of the tests"
SECRETS = ("a-secret-key-of-the-tests",)
API_TOKEN = "a-token-of-the-tests-for-the-api"


def own_environment() -> dict[str, str]:
    """The demo's settings with other secrets: with an https PUBLIC_URL, the demo's own secrets are refused."""
    return with_secrets(read_env(ROOT / ".env.demo")) | {
        "TWILIO_AUTH_TOKEN": TOKEN,
        "SECRET_KEY": SECRETS[0],
        "PRESENTER_PASSWORD": PRESENTER_PASSWORD,
        "API_TOKENS": API_TOKEN,
        "ALLOW_LOOPBACK": "no",
    }
