"""A town of real processes: Valkey with its file, web, worker and exchange, on ports of their own."""

import contextlib
import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.deployment import Deployment, Handset, Site


@pytest.fixture(scope="session")
def shared_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One town for all tests that leave it as they found it."""
    town = Deployment(tmp_path_factory.mktemp("town"))
    try:
        yield town.start()
    finally:
        town.stop()


@pytest.fixture
def struck_town(shared_town: Deployment) -> Iterator[Deployment]:
    """The same town, for a test that breaks it; whole again afterwards, as it was before."""
    try:
        yield shared_town
    finally:
        shared_town.heal()


NUMBERS = itertools.count(201)


@pytest.fixture
def handset(shared_town: Deployment) -> Iterator[Handset]:
    """A phone nobody used before."""
    handset = Handset(shared_town, f"+447700900{next(NUMBERS)}")
    yield handset
    if handset.call:
        with contextlib.suppress(urllib.error.HTTPError):  # the call is over
            handset.hangs_up()


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site to check."""
    site = Site()
    yield site
    site.goes_on()
    site.server.shutdown()
    site.server.server_close()
