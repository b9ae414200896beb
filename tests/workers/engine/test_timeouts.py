"""Jobs that hang: ended on time, or left to a process that is replaced, while the others go on."""

import os
import signal

from rq import Callback

from tests.support.waiting import eventually
from tests.workers.engine import sample_jobs
from workers.engine import recovery


def test_a_job_over_its_time_is_ended_while_another_goes_on(at_work):
    other = at_work.asks(sample_jobs.wait_for, "the end")
    hung = at_work.asks(sample_jobs.spin, job_timeout=1, on_failure=Callback(sample_jobs.on_failure))
    assert at_work.sees(hung, "failed")
    assert "Task exceeded maximum timeout value (1 seconds)" in hung.latest_result().exc_string
    assert at_work.noted("told") == ["failure JobTimeoutException"]
    at_work.redis.set("the end", 1)
    assert at_work.sees(other, "finished")


def test_a_job_that_hangs_on_a_socket_fails_in_time_and_the_trace_says_where(at_work):
    hung = at_work.asks(sample_jobs.hang_on_a_socket, job_timeout=1, on_failure=Callback(sample_jobs.on_failure))
    assert at_work.sees(hung, "failed")
    assert "return ours.recv(1)" in hung.latest_result().exc_string
    assert at_work.noted("told") == ["failure JobTimeoutException"]


def test_a_process_worn_out_by_jobs_that_cannot_be_ended_is_replaced(office):
    office.starts_a_worker()
    before = office.names()
    hung = [office.asks(sample_jobs.hang_on_a_socket, job_timeout=1) for _ in range(2)]
    hung += [office.asks(sample_jobs.spin_and_catch_everything, job_timeout=1) for _ in range(2)]
    assert all(office.sees(job, "failed") for job in hung)
    assert eventually(lambda: (now := office.names()) and not set(now) & set(before))
    assert office.sees(office.asks(sample_jobs.note, "hello"), "finished")


def test_a_frozen_process_is_replaced_and_its_jobs_run_again(office):
    office.starts_a_worker(LIVENESS_TIMEOUT_SECONDS="2.5")
    job = office.asks(sample_jobs.wait_for, "the end")
    pid = office.places_of(1)[0]
    os.kill(pid, signal.SIGSTOP)
    again = office.places_of(2)[1]
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert again != pid


def test_a_job_that_holds_all_of_python_runs_alone_while_the_others_go_on(office):
    office.starts_a_worker(LIVENESS_TIMEOUT_SECONDS="5")
    other = office.asks(sample_jobs.wait_for, "the end")
    office.places_of(1)
    hog = office.asks(sample_jobs.hold_all_of_python, job_timeout=1)
    eventually(lambda: hog.refresh() or hog.origin == recovery.ISOLATED_QUEUE)
    office.redis.set("the end", 1)
    assert office.sees(other, "finished")
    assert not other.get_meta()
