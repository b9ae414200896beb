"""The simulated crowd: its plan, and the verdict on what it got."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.crowd import plan
from scripts.crowd.__main__ import MAX_PEOPLE
from scripts.crowd.verdict import Verdict
from show.scenes.poll import Poll

OPTIONS = ("tabs", "spaces", "both")


@given(people=st.integers(1, 300), seconds=st.floats(1, 600), seed=st.integers(0, 2**32))
def test_everybody_acts_within_the_time_under_a_number_of_their_own(people, seconds, seed):
    acts = plan.make_plan(people, seconds, seed, OPTIONS)
    firsts = [act for act in acts if act.is_first]
    assert len({act.number for act in firsts}) == len(firsts) == people
    assert all(0 <= act.at <= seconds + 5 for act in acts)
    assert acts == sorted(acts, key=lambda act: act.at)


def test_numbers_of_a_large_crowd_are_different_and_not_ours():
    numbers = list(plan.numbers(MAX_PEOPLE))
    assert len(set(numbers)) == MAX_PEOPLE
    assert "+447700900100" not in numbers


def test_same_seed_gives_the_same_crowd():
    assert plan.make_plan(200, 60, 1, OPTIONS) == plan.make_plan(200, 60, 1, OPTIONS)
    assert plan.make_plan(200, 60, 1, OPTIONS) != plan.make_plan(200, 60, 2, OPTIONS)


def test_large_crowd_does_everything():
    acts = plan.make_plan(2_000, 60, 1, OPTIONS)
    assert {act.kind for act in acts} == set(plan.WEIGHTS)
    assert any(not act.is_first for act in acts)


def test_last_vote_of_a_person_is_expected():
    first, later = plan.Act("+1", 1, "vote by text", plan.TEXT, vote="tabs"), plan.Act("+1", 2, "", "", vote="both")
    assert plan.expected_votes([first, later], OPTIONS) == {"tabs": 0, "spaces": 0, "both": 1}


def test_first_vote_of_a_person_is_expected_if_the_poll_counts_it():
    first, later = plan.Act("+1", 1, "vote by text", plan.TEXT, vote="tabs"), plan.Act("+1", 2, "", "", vote="both")
    assert plan.expected_votes([first, later], OPTIONS, "first") == {"tabs": 1, "spaces": 0, "both": 0}


@pytest.mark.parametrize("rule", ["last", "first"])
def test_voters_expect_the_reply_of_the_poll(rule):
    options = ("c++", "rust (2024)", "שלום")
    replies = set(Poll(question="Which?", options=options, votes=rule).sample_replies())
    for act in plan.make_plan(300, 60, 1, options, rule):
        if act.vote:
            expected = (act.texts or act.spoken)[-1]
            assert [reply for reply in replies if re.search(expected, reply)] == [
                reply for reply in replies if act.vote in reply
            ]


def verdict(expected, received):
    found = Verdict()
    found.compare("somebody", expected, received)
    return found.right, found.twice, found.wrong, found.lost, found.is_perfect


def test_verdict_counts_what_is_right_twice_wrong_and_lost():
    assert verdict(["^It is "], ["It is 9:00."]) == (1, 0, 0, 0, True)
    assert verdict(["^It is "], ["It is 9:00.", "It is 9:00."]) == (1, 1, 0, 0, False)
    assert verdict(["^It is "], ["Sorry"]) == (0, 0, 1, 1, False)
    assert verdict(["^It is ", "^It is "], ["It is 9:00."]) == (1, 0, 0, 1, False)
    assert verdict([], []) == (0, 0, 0, 0, True)


def test_caller_may_hear_the_menu_but_each_answer_only_once():
    found = Verdict()
    found.compare_heard("somebody", ["^You voted for tabs"], ["Press 1 for tabs.", "You voted for tabs. Press 1 for"])
    assert found.is_perfect
    found.compare_heard("somebody", ["^You voted for tabs"], ["You voted for tabs.", "You voted for tabs."])
    assert found.twice == 1
