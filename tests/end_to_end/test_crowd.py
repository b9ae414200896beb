"""A small simulated audience, on a deployment of its own: `make crowd`."""

import json

import pytest

from scripts.crowd import plan
from tests.support.deployment import Deployment
from tests.support.processes import run_program

SEED = "6"  # with these sixty people, every kind of act occurs


@pytest.fixture
def town(tmp_path):
    deployment = Deployment(tmp_path, SENDER_SEGMENTS_PER_SECOND="1000")
    try:
        yield deployment.start()
    finally:
        deployment.stop()


def test_small_crowd_gets_exactly_the_right_answers(town):
    acts = plan.make_plan(60, 5, int(SEED), ("tabs", "spaces", "both"))
    assert {act.kind for act in acts} == set(plan.WEIGHTS)
    environ = town.environ | {"EXCHANGE_PORT": str(town.exchange_port), "PEOPLE": "60", "SECONDS": "5", "SEED": SEED}
    done = run_program("scripts.crowd", environ)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["right"], result["votes_right"]) == (0, result["expected"], True), done.stdout
    assert (result["twice"], result["wrong"], result["lost"]) == (0, 0, 0)
