"""The records of long jobs and their outcomes are limited."""

from workers import runs


def test_number_of_runs_and_outcomes_is_limited(redis, monkeypatch):
    monkeypatch.setattr(runs, "MAX_OUTCOMES", 3)
    log = runs.RunWriter(redis, runs.plan(redis, runs.FIND_MISSING, {}))
    for _ in range(5):
        log.add_outcome(runs.Outcome("x", "success", 200, 0.1, "done"))
    for _ in range(runs.MAX_RUNS + 2):
        runs.plan(redis, runs.FIND_MISSING, {})
    assert len(runs.outcomes(redis, log.run.id, 100)) == 3
    assert redis.llen(runs.RUNS_KEY) == runs.MAX_RUNS
    assert all(redis.ttl(key) > 0 for key in redis.keys("run:*"))
