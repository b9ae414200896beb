"""Hanging jobs fail in time or their process is replaced, while other jobs continue."""

import os
import signal

from rq import Callback

from tests.support.waiting import eventually
from tests.workers.engine import sample_jobs
from workers.engine import dead_worker_recovery, supervisor


def test_job_over_its_timeout_fails_while_another_continues(running_worker):
    other = running_worker.enqueue(sample_jobs.wait_for, "the end")
    hung = running_worker.enqueue(sample_jobs.spin, job_timeout=1, on_failure=Callback(sample_jobs.on_failure))
    assert running_worker.reaches(hung, "failed")
    assert "Task exceeded maximum timeout value (1 seconds)" in hung.latest_result().exc_string
    assert running_worker.notes("told") == ["failure JobTimeoutException"]
    running_worker.redis.set("the end", 1)
    assert running_worker.reaches(other, "finished")


def test_job_that_hangs_on_a_socket_fails_with_its_traceback(running_worker):
    hung = running_worker.enqueue(
        sample_jobs.hang_on_a_socket, job_timeout=1, on_failure=Callback(sample_jobs.on_failure)
    )
    assert running_worker.reaches(hung, "failed")
    assert "return ours.recv(1)" in hung.latest_result().exc_string
    assert running_worker.notes("told") == ["failure JobTimeoutException"]


def test_process_with_too_many_lost_threads_is_replaced(workers):
    workers.start()
    before = workers.names()
    hung = [workers.enqueue(sample_jobs.hang_on_a_socket, job_timeout=1) for _ in range(2)]
    hung += [workers.enqueue(sample_jobs.spin_and_catch_everything, job_timeout=1) for _ in range(2)]
    assert all(workers.reaches(job, "failed") for job in hung)
    assert eventually(lambda: (now := workers.names()) and not set(now) & set(before))
    assert workers.reaches(workers.enqueue(sample_jobs.note, "hello"), "finished")


def test_frozen_process_is_replaced_and_its_jobs_run_again(workers):
    workers.start(LIVENESS_TIMEOUT_SECONDS="2.5")
    job = workers.enqueue(sample_jobs.wait_for, "the end")
    pid = workers.wait_for_started(1)[0]
    os.kill(pid, signal.SIGSTOP)
    again = workers.wait_for_started(2)[1]
    workers.redis.set("the end", 1)
    assert workers.reaches(job, "finished")
    assert again != pid


def test_thread_that_only_waits_for_the_gil_is_not_the_busiest(monkeypatch):
    samples = iter([{"hog": 100, "waiting": 7}, {"hog": 100, "waiting": 8}, {"hog": 120, "waiting": 8}])
    monkeypatch.setattr(supervisor, "read_cpu_ticks", lambda _: next(samples))
    monkeypatch.setattr(supervisor, "CPU_SAMPLE_SECONDS", 0)
    assert supervisor.find_busiest_thread(1) == "hog"


def test_job_that_holds_the_gil_is_isolated_while_others_continue(workers):
    workers.start(LIVENESS_TIMEOUT_SECONDS="5")
    other = workers.enqueue(sample_jobs.wait_for, "the end")
    workers.wait_for_started(1)
    hog = workers.enqueue(sample_jobs.hold_the_gil, job_timeout=1)
    eventually(lambda: hog.refresh() or hog.origin == dead_worker_recovery.ISOLATED_QUEUE)
    workers.redis.set("the end", 1)
    assert workers.reaches(other, "finished")
    assert not other.get_meta()
