"""Jobs that behave: two hundred wait at once in one process, and each leaves what came of it."""

from rq import Callback, Retry
from rq.command import send_stop_job_command

from tests.support.waiting import eventually
from tests.workers.engine import sample_jobs
from workers.process import SLOTS


def test_two_hundred_jobs_wait_at_once_in_one_process(at_work):
    jobs = [at_work.asks(sample_jobs.meet, 200) for _ in range(200)]
    assert all(at_work.sees(job, "finished") for job in jobs)
    assert len(at_work.names()) == 1


def test_a_job_leaves_its_result_and_a_place_in_the_registry_of_finished_jobs(at_work):
    job = at_work.asks(sample_jobs.note, "hello")
    at_work.sees(job, "finished")
    assert job.return_value() == "hello"
    assert at_work.queue().finished_job_registry.get_job_ids() == [job.id]
    assert at_work.queue().started_job_registry.get_job_ids() == []


def test_success_is_called_back(at_work):
    at_work.asks(sample_jobs.note, "hello", on_success=Callback(sample_jobs.on_success))
    assert eventually(lambda: at_work.noted("told")) == ["success hello"]


def test_failure_is_called_back_and_its_trace_is_kept(at_work):
    job = at_work.asks(sample_jobs.fail, on_failure=Callback(sample_jobs.on_failure))
    assert eventually(lambda: at_work.noted("told")) == ["failure ValueError"]
    at_work.sees(job, "failed")
    assert "ValueError: as asked" in job.latest_result().exc_string


def test_a_job_may_try_again_at_once(at_work):
    assert at_work.sees(at_work.asks(sample_jobs.fail_once, retry=Retry(max=1)), "finished")


def test_a_job_may_try_again_later(at_work):
    job = at_work.asks(sample_jobs.fail_once, retry=Retry(max=1, interval=3_600))
    assert at_work.sees(job, "scheduled")
    at_work.redis.zadd(at_work.queue().scheduled_job_registry.key, {job.id: 1})  # the hour is over
    assert at_work.sees(job, "finished")


def test_a_job_that_waits_for_another_starts_after_it(at_work):
    first = at_work.asks(sample_jobs.note, "first")
    at_work.sees(at_work.asks(sample_jobs.note, "second", depends_on=first), "finished")
    assert at_work.noted() == ["first", "second"]


def test_however_many_webhooks_wait_a_caller_finds_a_place(at_work):
    for _ in range(SLOTS["webhooks"] + 20):
        at_work.asks(sample_jobs.wait_for, "the end", queue="webhooks")
    at_work.places_of(SLOTS["webhooks"])
    assert at_work.sees(at_work.asks(sample_jobs.note, "hello"), "finished")
    assert at_work.queue("webhooks").count == 20
    at_work.redis.set("the end", 1)
    assert eventually(lambda: at_work.queue("webhooks").finished_job_registry.count == SLOTS["webhooks"] + 20)


def test_a_running_job_can_be_stopped(at_work):
    jobs = [
        at_work.asks(sample_jobs.wait_for, "the end", on_stopped=Callback(sample_jobs.on_stopped)) for _ in range(3)
    ]
    at_work.places_of(3)
    send_stop_job_command(at_work.redis, jobs[1].id)
    assert at_work.sees(jobs[1], "stopped")
    assert at_work.noted("told") == ["stopped"]
    at_work.redis.set("the end", 1)
    assert at_work.sees(jobs[0], "finished")
    assert at_work.sees(jobs[2], "finished")
