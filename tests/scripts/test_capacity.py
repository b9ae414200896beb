"""The arithmetic of docs/scale.md, checked by a simulation."""

from dataclasses import replace

import pytest

from scripts import capacity
from scripts.capacity import Load, Plan, plan, simulate

RATES = [100, 1_000, 5_000]


def percentile(times, share):
    return sorted(times)[int(len(times) * share)]


@pytest.mark.parametrize("rate", RATES)
def test_the_planned_processes_respond_within_milliseconds(rate):
    outcome = simulate(Load(rate), plan(Load(rate)), seconds=4)
    assert percentile(outcome.times, 0.99) < 0.02
    assert percentile(outcome.times[-100:], 0.99) < 0.02  # nothing accumulates


@pytest.mark.parametrize("rate", RATES)
def test_processes_are_as_busy_as_computed_and_no_busier_than_allowed(rate):
    load, planned = Load(rate), plan(Load(rate))
    busy = simulate(load, planned, seconds=4).busy
    for kind, microseconds in (("web", load.web), ("worker", load.worker), ("store", load.store)):
        computed = rate * microseconds / 1e6 / planned.counts[kind]
        assert busy[kind] == pytest.approx(computed, rel=0.15)
        assert computed <= (capacity.MAX_STORE_BUSY if kind == "store" else capacity.MAX_BUSY)


@pytest.mark.parametrize(
    ("load", "fewer"), [(Load(2_000, endpoints=0), {"web": 1}), (Load(5_000), {"stores": 1, "web": 10, "worker": 20})]
)
def test_with_too_few_of_a_kind_webhooks_wait_longer_and_longer(load, fewer):
    planned = replace(plan(load), **fewer)
    assert plan(load) != planned
    times = simulate(load, planned, seconds=4).times
    assert percentile(times[-100:], 0.5) > 0.3 > percentile(times[:100], 0.5)


def test_a_worker_that_is_too_busy_delays_answers_but_no_response():
    load = Load(400, questions=1.0)
    assert plan(load).worker > 1
    outcome = simulate(load, replace(plan(load), worker=1), seconds=4)
    assert outcome.busy["worker"] > 1
    assert percentile(outcome.times, 0.99) < 0.02


def test_each_claim_counts_for_seven_days():
    load = Load(100, questions=0.0)
    assert load.stored_bytes(3_600) == 100 * 3_600 * capacity.CLAIM_BYTES
    assert load.stored_bytes(30 * 86_400) == load.stored_bytes(7 * 86_400)


def test_a_store_has_two_web_processes_so_that_one_can_be_replaced():
    assert plan(Load(1)) == Plan(web=2, worker=1, stores=1)


def test_command_prints_the_plan_and_what_the_simulation_says(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["capacity", "200", "--questions", "0.5"])
    capacity.main()
    shown = capsys.readouterr().out
    assert "| 200 | 2 | " in shown
    assert "simulated at 200 per second: p50 " in shown
