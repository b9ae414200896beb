"""`make demo` is interrupted while it starts, or cannot start."""

import pytest

from tests.support.demo_process import Demo
from tests.support.interrupted_demo import after, copy_checkout, interrupt, link_environment
from tests.support.waiting import LIMIT_SECONDS


def test_process_that_keeps_crashing_is_reported_with_the_end_of_its_log(tmp_path):
    demo = Demo(tmp_path, STRIPE_WEBHOOK_SECRET="short", WEB_CONCURRENCY="1")
    assert demo.process.wait(LIMIT_SECONDS) == 1
    demo.says("^web keeps crashing. The end of .*web.log:$")
    demo.says("STRIPE_WEBHOOK_SECRET must")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy without .venv."""
    return copy_checkout(tmp_path_factory.mktemp("interrupted") / "checkout", is_bare=True)


def test_ctrl_c_during_the_installation_leaves_nothing(checkout):
    result = interrupt(lambda folder: (checkout / ".venv" / "pyvenv.cfg").exists(), checkout)
    assert not result.leftovers, result


@pytest.mark.parametrize("file", [None, "store", "web.log"])
def test_ctrl_c_at_any_moment_leaves_nothing(checkout, file):
    # A short version of: python -m tests.support.interrupted_demo 50
    link_environment(checkout)
    result = interrupt((lambda folder: (folder / file).exists()) if file else after(0.2), checkout)
    assert not result.leftovers, result
