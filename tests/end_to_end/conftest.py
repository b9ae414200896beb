"""A deployment that the tests share, with handsets and a website."""

import contextlib
import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.deployment import Deployment, Handset, Site


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One deployment for all tests that do not damage it."""
    deployment = Deployment(tmp_path_factory.mktemp("town"))
    try:
        yield deployment.start()
    finally:
        deployment.stop()


@pytest.fixture
def damaged_deployment(deployment: Deployment) -> Iterator[Deployment]:
    """The same deployment, for a test that damages it; it is repaired afterwards."""
    try:
        yield deployment
    finally:
        deployment.repair()


NUMBERS = itertools.count(201)


@pytest.fixture
def handset(deployment: Deployment) -> Iterator[Handset]:
    """A handset with a number of its own."""
    handset = Handset(deployment, f"+447700900{next(NUMBERS)}")
    yield handset
    if handset.call:
        with contextlib.suppress(urllib.error.HTTPError):  # the call is over
            handset.hangs_up()


@pytest.fixture
def me(damaged_deployment: Deployment, handset: Handset) -> Handset:
    """A handset whose call ends before the deployment is repaired."""
    return handset


@pytest.fixture
def site() -> Iterator[Site]:
    """A website to check."""
    site = Site()
    yield site
    site.respond()
    site.server.shutdown()
    site.server.server_close()
