"""The settings of a real account, with the exchange in Twilio's place."""

import os

import pytest

from tests.support.environment import own_environment
from tests.support.ports import reserved_port


@pytest.fixture(scope="module")
def real_account(exchange):
    """What .env would contain: an account, here with the exchange in Twilio's place."""
    port = reserved_port()
    account = own_environment() | {"TWILIO_API_URL": exchange.url, "PORT": str(port)}
    few = {"WEB_CONCURRENCY": "1", "PYTHONUNBUFFERED": "1", "EXCHANGE_PORT": str(reserved_port())}  # nobody calls
    return os.environ | account | few | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
