"""An HTTP client that resolves every name to this machine, and a sender that uses it."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sending.http.client import HttpClient
from sending.webhooks import webhook_request
from tests.support.receivers import AUTHORITY, HERE
from tests.support.waiting import LIMIT_SECONDS
from tests.support.webhook_sender import WebhookSender


@pytest.fixture(scope="session")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file with the certificate of the tests' authority."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def client(ca_file: str) -> Iterator[HttpClient]:
    """A client that trusts the tests' authority."""
    client = HttpClient(allow_loopback=True, ca_file=ca_file, resolver=HERE)
    yield client
    client.close()


@pytest.fixture
def sender(redis: Redis, client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> WebhookSender:
    # However slow the machine is, a connection that fails counts as failing at once.
    monkeypatch.setattr(webhook_request, "IMMEDIATE_RETRY_WITHIN_SECONDS", LIMIT_SECONDS)
    return WebhookSender(redis, client)
