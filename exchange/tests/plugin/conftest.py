"""The tea shop on Ringback, as a user's project would set it up."""

import pytest
import trustme  # noqa: F401 - pytester forgets what its runs import, and this cannot be imported twice

from plugin import tea_shop
from ringback.testing.waiting import LIMIT_SECONDS


@pytest.fixture
def ringback_app():
    return tea_shop.app


@pytest.fixture
def ringback(ringback):
    """Waits longer than a user's tests do, because this machine may be busy."""
    ringback.api.limit_seconds = LIMIT_SECONDS
    return ringback


@pytest.fixture
def ada(ringback):
    return ringback.phone("+447700900001")
