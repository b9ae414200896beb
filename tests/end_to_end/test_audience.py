"""A small simulated audience, `make crowd`; a poll continues while processes are killed and two people present."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.crowd import plan
from scripts.crowd.rehearsal import RehearsalPresenter
from tests.support.deployment import Deployment, Handset
from tests.support.processes import run_program

SEED = "6"  # with these sixty people, every kind of act occurs


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp("poll"), SENDER_SEGMENTS_PER_SECOND="1000")
    try:
        yield deployment.start()
    finally:
        deployment.stop()


@pytest.fixture
def talk(town):
    presenter = RehearsalPresenter(town.web, town.environ["PRESENTER_PASSWORD"])
    presenter.go_to_first("poll")
    presenter.do("reset")
    return presenter


def people(town, first, count):
    return [Handset(town, f"+447700900{number:03}") for number in range(first, first + count)]


def all_text(handsets, words):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda handset: handset.texts(words), handsets))


def test_small_crowd_gets_exactly_the_right_answers(town):
    acts = plan.make_plan(60, 5, int(SEED), ("tabs", "spaces", "both"))
    assert {act.kind for act in acts} == set(plan.WEIGHTS)
    environ = town.environ | {"EXCHANGE_PORT": str(town.exchange_port), "PEOPLE": "60", "SECONDS": "5", "SEED": SEED}
    done = run_program("scripts.crowd", environ)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["right"], result["votes_right"]) == (0, result["expected"], True), done.stdout
    assert (result["twice"], result["wrong"], result["lost"]) == (0, 0, 0)


@pytest.mark.parametrize("victim", ["web", "worker", "store"])
def test_every_vote_that_was_confirmed_is_counted_once_although_a_process_is_killed(town, talk, victim):
    first = 300 + 50 * ["web", "worker", "store"].index(victim)
    voters, late_voters = people(town, first, 40), people(town, first + 40, 5)
    with ThreadPoolExecutor(1) as pool:
        voting = pool.submit(all_text, voters, "spaces")
        town.until(lambda: talk_people(talk) >= 5, "the vote has begun")
        town.kill(victim)
        town.start(victim)
        voting.result()
    all_text(late_voters, "tabs")
    for voter in late_voters:
        voter.gets("You voted for tabs")
    confirmed = [voter for voter in voters if any("You voted for" in body for body in voter.received())]
    votes = talk.state()["figures"]["votes"]
    assert votes["tabs"] == 5
    assert len(confirmed) <= votes["spaces"] <= 40  # a response may be lost, but never a confirmed vote


def talk_people(talk):
    return talk.state()["figures"]["people"]


def test_two_presenters_act_at_once(town, talk):
    other = RehearsalPresenter(town.web, town.environ["PRESENTER_PASSWORD"])
    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(lambda presenter: presenter.do("close"), [talk, other]))
    assert [state["phase"] for state in states] == ["closed", "closed"]
    assert other.do("open")["phase"] == "open"
    assert talk.state()["phase"] == "open"


def test_a_presenter_who_repeats_an_interrupted_action_skips_no_scene(town, talk):
    before, store = talk.state()["scene"], town.running["store"].pid
    with ThreadPoolExecutor(1) as pool:
        os.kill(store, signal.SIGSTOP)
        action = pool.submit(talk.do, "next")
        try:
            town.until(lambda: "Redis did not respond" in town.logs(), "the app has given up")
        finally:
            os.kill(store, signal.SIGCONT)
        assert action.result()["scene"] == before + 1
