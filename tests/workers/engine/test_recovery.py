"""Jobs whose worker died: found, run again by one other, and alone when they may be to blame."""

import os
import signal
import threading
import time

from rq import Callback, Retry
from rq.executions import Execution
from rq.job import Job
from rq.registry import BaseRegistry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from tests.support.waiting import eventually
from tests.workers.engine import sample_jobs
from workers.engine import recovery
from workers.engine.timeouts import JobTimeout


def test_a_job_that_crashes_runs_alone_and_fails_while_the_others_go_on(office):
    office.starts_a_worker()
    others = [office.asks(sample_jobs.wait_for, "the end") for _ in range(5)]
    office.places_of(5)
    crash = office.asks(sample_jobs.crash, on_failure=Callback(sample_jobs.on_failure))
    assert office.sees(crash, "failed")
    assert Job.fetch(crash.id, office.redis, serializer=JSONSerializer).origin == recovery.ISOLATED_QUEUE
    assert eventually(lambda: office.noted("told")) == ["failure AbandonedJobError"]
    assert not any(job.get_meta() for job in others)
    office.redis.set("the end", 1)
    assert all(office.sees(job, "finished") for job in others)


def test_a_job_that_ends_its_process_without_a_word_runs_alone_the_third_time(office):
    office.starts_a_worker()
    job = office.asks(sample_jobs.kill_own_process, on_failure=Callback(sample_jobs.on_failure))
    assert office.sees(job, "failed")
    assert "Work-horse terminated unexpectedly" in job.latest_result().exc_string
    assert office.noted("told") == ["failure AbandonedJobError"]


def test_a_killed_crew_is_followed_at_once_by_another_that_runs_its_jobs_again(office):
    office.starts_a_worker()
    job = office.asks(sample_jobs.wait_for, "the end", job_id="the-ask")
    os.kill(office.places_of(1)[0], signal.SIGKILL)
    office.places_of(2)  # its heartbeat has not expired, so no other worker takes it for dead
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert office.queue().started_job_registry.get_job_ids() == []


def test_a_job_whose_whole_worker_was_killed_runs_on_another_one_once(office):
    first = office.starts_a_worker()
    job = office.asks(sample_jobs.wait_for, "the end", job_id="the-ask")
    office.places_of(1)
    office.kills(first)
    office.starts_a_worker()
    office.starts_a_worker()
    office.places_of(2)
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert len(office.noted("started")) == 2


def test_scheduled_jobs_do_not_wait_for_a_dead_scheduler(office):
    first = office.starts_a_worker()
    lock = RQScheduler.get_locking_key("callers")
    assert eventually(lambda: office.redis.get(lock)).decode() in office.names()
    office.kills(first)
    office.starts_a_worker()
    assert office.sees(office.asks(sample_jobs.fail_once, retry=Retry(max=1, interval=1)), "finished")


def test_a_job_taken_and_never_started_goes_back_on_its_queue(office):
    job = office.asks(sample_jobs.note, "hello")
    office.redis.lmove(office.queue().key, office.queue().intermediate_queue_key)
    office.starts_a_worker()
    assert office.sees(job, "finished")


def test_of_many_that_find_the_same_orphan_one_puts_it_back(office, redis):
    job = office.asks(sample_jobs.note, "hello")
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
        pipeline.delete(office.queue().key)
        pipeline.execute()
    orphan = recovery.RunningJob("callers", job.id, execution.id, "a-dead-worker")
    did_it: list[bool] = []
    threads = [threading.Thread(target=lambda: did_it.append(recovery.requeue(redis, orphan))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert did_it.count(True) == 1
    assert office.queue().job_ids == [job.id]
    assert job.get_status() == "queued"


def test_a_job_whose_worker_lives_is_not_put_back(at_work):
    job = at_work.asks(sample_jobs.wait_for, "the end")
    at_work.places_of(1)
    (running,) = recovery.load_running_jobs(at_work.queue())
    assert not recovery.requeue(at_work.redis, running)
    at_work.redis.set("the end", 1)
    assert at_work.sees(job, "finished")


def test_a_job_interrupted_too_often_fails_and_says_so(office, redis):
    job = office.asks(sample_jobs.note, "hello", on_failure=Callback(sample_jobs.on_failure))
    for _ in range(recovery.INTERRUPTIONS_BEFORE_FAILURE):
        job.refresh()
        job.prepare_for_execution("a-dead-worker", redis)
        with redis.pipeline() as pipeline:
            execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
            pipeline.execute()
        assert recovery.requeue(redis, recovery.RunningJob(job.origin, job.id, execution.id, "a-dead-worker"))
    assert job.get_status() == "failed"


def test_rq_s_own_search_for_abandoned_jobs_calls_back_from_our_threads(office, redis, monkeypatch):
    monkeypatch.setattr(BaseRegistry, "death_penalty_class", JobTimeout)
    job = office.asks(sample_jobs.note, "hello", on_failure=Callback(sample_jobs.on_failure))
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        Execution.create(job, 1, pipeline, worker_name="a-dead-worker")
        pipeline.execute()
    registry = office.queue().started_job_registry
    cleaner = threading.Thread(target=registry.cleanup, args=(time.time() + 60,))
    cleaner.start()
    cleaner.join()
    assert office.noted("told") == ["failure AbandonedJobError"]
