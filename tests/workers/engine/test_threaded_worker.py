"""Jobs in threads: concurrency, results, callbacks, retries, slots per queue."""

import time

from rq import Callback, Retry
from rq.command import send_stop_job_command

from tests.support.waiting import eventually
from tests.workers.engine import sample_jobs
from workers.queues import SLOTS


def test_two_hundred_jobs_run_at_once_in_one_process(running_worker):
    jobs = [running_worker.enqueue(sample_jobs.meet, 200) for _ in range(200)]
    assert all(running_worker.reaches(job, "finished") for job in jobs)
    assert len(running_worker.names()) == 1


def test_finished_job_has_a_result_and_is_in_the_finished_registry(running_worker):
    job = running_worker.enqueue(sample_jobs.note, "hello")
    running_worker.reaches(job, "finished")
    assert job.return_value() == "hello"
    assert running_worker.queue().finished_job_registry.get_job_ids() == [job.id]
    assert running_worker.queue().started_job_registry.get_job_ids() == []


def test_success_callback_runs(running_worker):
    running_worker.enqueue(sample_jobs.note, "hello", on_success=Callback(sample_jobs.on_success))
    assert eventually(lambda: running_worker.notes("told")) == ["success hello"]


def test_failure_callback_runs_and_the_traceback_is_kept(running_worker):
    job = running_worker.enqueue(sample_jobs.fail, on_failure=Callback(sample_jobs.on_failure))
    assert eventually(lambda: running_worker.notes("told")) == ["failure ValueError"]
    running_worker.reaches(job, "failed")
    assert "ValueError: as asked" in job.latest_result().exc_string


def test_job_is_retried_at_once(running_worker):
    assert running_worker.reaches(running_worker.enqueue(sample_jobs.fail_once, retry=Retry(max=1)), "finished")


def test_job_is_retried_later(running_worker):
    job = running_worker.enqueue(sample_jobs.fail_once, retry=Retry(max=1, interval=3_600))
    schedule = running_worker.queue().scheduled_job_registry.key
    assert eventually(lambda: running_worker.redis.zscore(schedule, job.id)) > time.time() + 1_800
    running_worker.redis.zadd(schedule, {job.id: 1})  # an hour later
    assert running_worker.reaches(job, "finished")


def test_dependent_job_runs_after_its_dependency(running_worker):
    first = running_worker.enqueue(sample_jobs.note, "first")
    running_worker.reaches(running_worker.enqueue(sample_jobs.note, "second", depends_on=first), "finished")
    assert running_worker.notes() == ["first", "second"]


def test_full_webhook_slots_do_not_delay_callers(running_worker):
    for _ in range(SLOTS["webhooks"] + 20):
        running_worker.enqueue(sample_jobs.wait_for, "the end", queue="webhooks")
    running_worker.wait_for_started(SLOTS["webhooks"])
    assert running_worker.reaches(running_worker.enqueue(sample_jobs.note, "hello"), "finished")
    assert running_worker.queue("webhooks").count == 20
    running_worker.redis.set("the end", 1)
    assert eventually(lambda: running_worker.queue("webhooks").finished_job_registry.count == SLOTS["webhooks"] + 20)


def test_running_job_can_be_stopped(running_worker):
    jobs = [
        running_worker.enqueue(sample_jobs.wait_for, "the end", on_stopped=Callback(sample_jobs.on_stopped))
        for _ in range(3)
    ]
    running_worker.wait_for_started(3)
    send_stop_job_command(running_worker.redis, jobs[1].id)
    assert running_worker.reaches(jobs[1], "stopped")
    assert running_worker.notes("told") == ["stopped"]
    running_worker.redis.set("the end", 1)
    assert running_worker.reaches(jobs[0], "finished")
    assert running_worker.reaches(jobs[2], "finished")
