"""The presenter's pages on an app with little else, and somebody at the login."""

import pytest

from tests.support.presenter import Presenter
from tests.support.stage_app import make


@pytest.fixture
def app(url, stage_events):
    """The stage and the presenter's pages, in place of the whole app."""
    return make(url)


@pytest.fixture
def presenter(app):
    return Presenter(app)
