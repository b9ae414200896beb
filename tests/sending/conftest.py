"""The good client, which trusts an authority of our own and finds every name on this machine."""

from collections.abc import Iterator

import pytest
from loopback import AUTHORITY, HERE

from sending.http import Client


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file with that authority's certificate."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def client(authorities: str) -> Iterator[Client]:
    client = Client(allow_loopback=True, authorities=authorities, resolver=HERE)
    yield client
    client.close()
