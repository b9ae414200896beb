"""The records of long jobs and their outcomes are limited."""

from workers import job_progress


def test_number_of_runs_and_outcomes_is_limited(redis, monkeypatch):
    monkeypatch.setattr(job_progress, "MAX_OUTCOMES", 3)
    log = job_progress.RunWriter(redis, job_progress.plan(redis, job_progress.FIND_MISSING, {}))
    for _ in range(5):
        log.add_outcome(job_progress.Outcome("x", "success", 200, 0.1, "done"))
    for _ in range(job_progress.MAX_RUNS + 2):
        job_progress.plan(redis, job_progress.FIND_MISSING, {})
    assert len(job_progress.outcomes(redis, log.run.id, 100)) == 3
    assert redis.llen(job_progress.RUNS_KEY) == job_progress.MAX_RUNS
    assert all(redis.ttl(key) > 0 for key in redis.keys("run:*"))
