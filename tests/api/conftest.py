"""A program that uses the endpoint API, with a token."""

import pytest

import config
from app import create_app
from sending.webhooks.encryption import Encryption
from tests.support.endpoint_api import AUTHORIZED, TOKEN, URL


@pytest.fixture
def api(environ, redis):
    ours = {"API_TOKENS": f"{TOKEN}, another-token-for-these", "ALLOW_LOOPBACK": "no"}
    return create_app(config.load(environ | ours), redis)


@pytest.fixture
def seal(settings):
    return Encryption(settings.secret_key)


@pytest.fixture
def program(api):
    """A program that holds a token."""
    client = api.test_client()

    def asks(method, path="", sent_with=AUTHORIZED, **body):
        more = {"json": body} if body else {}
        return client.open(f"/api/endpoints{path}", method=method, headers=sent_with, **more)

    return asks


@pytest.fixture
def id(program):
    return program("POST", url=URL, event_types=["text.*"]).json["id"]
